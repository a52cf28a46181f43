import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registryCredentials } from '../../../../src/adapters/docker/registry-credentials.ts'

const never = new AbortController().signal
let folder: string
const path = process.env['PATH']

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-credentials-'))
  process.env['PATH'] = `${folder}:${path ?? ''}`
})
afterEach(async () => {
  process.env['PATH'] = path
  await rm(folder, { recursive: true })
})

async function of(config: unknown, image: string) {
  const file = join(folder, 'config.json')
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config))
  return registryCredentials({ logins: {}, dockerConfig: file })(image, never)
}

async function helper(name: string, script: string): Promise<void> {
  const file = join(folder, `docker-credential-${name}`)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test.each([
  [
    'host:5000/a',
    { 'host:5000': { auth: base64('u:p:q') } },
    { username: 'u', password: 'p:q', serveraddress: 'host:5000' },
  ],
  [
    'host.io/a',
    { 'https://host.io/v1/': { username: 'u', password: 'p' } },
    { username: 'u', password: 'p', serveraddress: 'host.io' },
  ],
  ['nginx', { 'https://index.docker.io/v1/': { auth: base64('u:p') } }, { username: 'u', password: 'p' }],
  ['a/b:1', { 'https://index.docker.io/v1/': { identitytoken: 't' } }, { identitytoken: 't' }],
  ['other/a', { host: { auth: base64('u:p') } }, null],
])('for %s, of Docker’s file with %j', async (image, auths, expected) => {
  const found = await of({ auths }, image)
  if (expected === null) expect(found).toBeNull()
  else expect(found).toMatchObject(expected)
})

test('a helper for all registries is asked before what stands in the file, and may know nothing', async () => {
  await helper(
    'store',
    'read -r server; if [ "$server" = known.io ]; then echo \'{"Username":"<token>","Secret":"s"}\'; else echo credentials not found in native keychain; exit 1; fi',
  )
  const config = { credsStore: 'store', auths: { 'other.io': { auth: base64('u:p') } } }
  expect(await of(config, 'known.io/a')).toMatchObject({ identitytoken: 's' })
  expect(await of(config, 'other.io/a')).toMatchObject({ username: 'u' })
  expect(await of(config, 'nobody.io/a')).toBeNull()
})

test.each([
  ['a file that is no JSON', '{ "auths": top-secret', /is not JSON/],
  ['an auth that is no pair', { auths: { 'host.io': { auth: base64('top-secret') } } }, /not base64 of USER:PASSWORD/],
  ['a helper that is not there', { credHelpers: { 'host.io': 'absent' } }, /docker-credential-absent is not installed/],
  ['a helper that fails', { credHelpers: { 'host.io': 'ill' } }, /docker-credential-ill failed with code 3/],
  ['a helper that says something else', { credHelpers: { 'host.io': 'odd' } }, /printed something else/],
  ['a helper whose name leads elsewhere', { credHelpers: { 'host.io': '../../bin/sh' } }, /impossible name/],
])('%s is told, and no secret with it', async (_, config, problem) => {
  await helper('ill', 'echo top-secret; exit 3')
  await helper('odd', 'echo top-secret')
  const failure: unknown = await of(config, 'host.io/a').catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'IMAGE_ACCESS_DENIED' })
  expect((failure as Error).message).toMatch(problem)
  expect((failure as Error).message).not.toContain('top-secret')
})

test('no file is no login; the daemon’s own settings come first', async () => {
  const dockerConfig = join(folder, 'absent.json')
  expect(await registryCredentials({ logins: {}, dockerConfig })('host/a', never)).toBeNull()
  const logins = { 'docker.io': { username: 'u', password: 'p' } }
  expect(await registryCredentials({ logins, dockerConfig })('nginx', never)).toMatchObject({
    username: 'u',
    password: 'p',
  })
  const missing = { 'docker.io': { username: 'u', passwordFile: join(folder, 'nothing') } }
  await expect(registryCredentials({ logins: missing, dockerConfig })('nginx', never)).rejects.toMatchObject({
    code: 'IMAGE_ACCESS_DENIED',
  })
})
