/** Pulls from a registry over HTTP: digests, credentials and where they come from, and what goes wrong. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dockerImages } from '../../src/adapters/docker/image-store.ts'
import {
  type CredentialSources,
  noCredentials,
  registryCredentials,
} from '../../src/adapters/docker/registry-credentials.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { digestFor } from '../../src/model/image.ts'
import type { ImageStore } from '../../src/ports/images.ts'
import { makeImage, removeImages } from '../support/docker-images.ts'
import { labDocker } from '../support/lab-docker.ts'
import { Registry, type RegistrySetup } from '../support/registry.ts'

const never = new AbortController().signal
const address = labDocker ?? ''
const user = { name: 'ci', password: 'p:ss word' }

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  let folder: string
  let registry: Registry
  let image: string
  let id: string
  let digest: string
  const path = process.env['PATH']

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claw-registry-'))
  })
  afterEach(async () => {
    process.env['PATH'] = path
    await removeImages(address, `${registry.host}/`)
    await registry.stop()
    await rm(folder, { recursive: true })
  })

  const storeWith = (sources: Partial<CredentialSources> = {}): ImageStore => {
    const credentials = registryCredentials({ logins: {}, dockerConfig: null, ...sources })
    return dockerImages({ address, clock: systemClock, credentials })
  }

  /** A registry with an image that the engine does not have. */
  async function published(setup: RegistrySetup = {}): Promise<void> {
    registry = await Registry.start(setup)
    image = `${registry.host}/team/app:1`
    const made = `claw-registry/${process.pid}:1`
    id = await makeImage(address, made, 10_000)
    const store = dockerImages({ address, clock: systemClock, credentials: noCredentials })
    digest = await registry.publish('team/app', '1', store.export(id, never))
    await store.remove(id, never)
  }
  const pull = (store: ImageStore, reference = image) => store.pull(reference, () => {}, never)
  const dockerConfig = async (content: object): Promise<string> => {
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify(content))
    return file
  }
  const auth = Buffer.from(`${user.name}:${user.password}`).toString('base64')

  test('an image has the digest under which the registry gave it out, and can be asked for by it', async () => {
    await published()
    const store = storeWith()
    expect(await store.resolve(image, never)).toBe(digest)
    const texts: string[] = []
    const pulled = await store.pull(image, ({ text }) => texts.push(text), never)
    expect(pulled).toMatchObject({ id })
    expect(digestFor(pulled.digests, image)).toBe(digest)
    expect(texts[0]).toMatch(/^pulling image/)
    await store.remove(id, never)
    const pinned = `${registry.host}/team/app@${digest}`
    expect(await pull(store, pinned)).toMatchObject({ id, digests: [pinned] })
    expect(await store.find(pinned, never)).toMatchObject({ id })
    await store.remove(id, never)
  })

  test('what the registry does not have is not found; a registry that fails is another matter', async () => {
    await published()
    await expect(pull(storeWith(), `${registry.host}/team/app:9`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(pull(storeWith(), `${registry.host}/nobody:1`)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(storeWith().resolve(`${registry.host}/team/app:9`, never)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    })
    registry.isBroken = true
    await expect(pull(storeWith())).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED' })
  })

  describe.each(['basic', 'bearer'] as const)('a registry that wants to know who asks, by %s', (kind) => {
    beforeEach(() => published({ auth: kind, user }))

    test('refuses who does not say, and who says it wrongly, and tells so', async () => {
      await expect(pull(storeWith())).rejects.toMatchObject({ code: 'IMAGE_ACCESS_DENIED' })
      const wrong = storeWith({ logins: { [registry.host]: { username: 'ci', password: 'not-this-secret' } } })
      const failure: unknown = await pull(wrong).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'IMAGE_ACCESS_DENIED' })
      expect((failure as Error).message).not.toContain('not-this-secret')
      await expect(wrong.resolve(image, never)).rejects.toMatchObject({ code: 'IMAGE_ACCESS_DENIED' })
    })

    test('takes the login of the daemon’s settings, with the password in a file', async () => {
      const passwordFile = join(folder, 'password')
      await writeFile(passwordFile, `${user.password}\n`)
      const store = storeWith({ logins: { [registry.host]: { username: user.name, passwordFile } } })
      expect(await store.resolve(image, never)).toBe(digest)
      expect(await pull(store)).toMatchObject({ id })
    })

    test('takes what `docker login` left', async () => {
      const file = await dockerConfig({ auths: { [registry.host]: { auth } } })
      expect(await pull(storeWith({ dockerConfig: file }))).toMatchObject({ id })
    })

    test('takes what a credential helper knows', async () => {
      const helper = join(folder, 'docker-credential-claw-test')
      const answer = JSON.stringify({ ServerURL: 'x', Username: user.name, Secret: user.password })
      await writeFile(
        helper,
        `#!/bin/sh\nread -r server; [ "$server" = "${registry.host}" ] || { echo credentials not found; exit 1; }\necho '${answer}'\n`,
      )
      await chmod(helper, 0o755)
      process.env['PATH'] = `${folder}:${path ?? ''}`
      const file = await dockerConfig({ credHelpers: { [registry.host]: 'claw-test' } })
      expect(await pull(storeWith({ dockerConfig: file }))).toMatchObject({ id })
    })
  })
})
