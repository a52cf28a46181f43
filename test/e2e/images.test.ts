/** A fleet without a registry: images travel between members. Two real engines, and what one of them lacks. */
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { makeImage, removeImages } from '../support/docker-images.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'
import { type SecondEngine, startSecondEngine } from '../support/second-engine.ts'

const prefix = `claw-images-${process.pid}/`
const mib = 1_048_576

type Info = WorkloadInfo & { readonly progress: string | null; readonly imageId: string | null }

interface Row {
  readonly id: string
  readonly tags: readonly string[]
  readonly nodes: readonly { readonly node: string; readonly inUse: boolean }[]
}

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const first = labDocker ?? ''
  let second: SecondEngine
  let mesh: Mesh
  /** Two members at the first engine, and one at the second. */
  let [ada, bob, cyd]: readonly Daemon[] = []

  beforeAll(async () => {
    second = startSecondEngine()
    mesh = new Mesh()
    const add = (name: string, engine: string): Promise<Daemon> =>
      mesh.add(name, {
        gpus: '',
        extra: ['--executor', 'docker', '--docker-host', engine],
        // Slow enough to be caught in the middle of a transfer.
        environment: { CLAWNODE_IMAGES_MIB_PER_SECOND: '24' },
      })
    ada = await add('ada', first)
    bob = await add('bob', first)
    cyd = await add('cyd', second.address)
    await mesh.voters(3)
  }, 90_000)

  afterAll(async () => {
    const ids = await Promise.all([ada, bob, cyd].map(async (daemon) => daemon && idOf(daemon).catch(() => null)))
    await mesh.stop()
    for (const id of ids) if (id) await removeContainers(first, `claw.node=${id}`)
    await removeImages(first, prefix)
    second.stop()
  }, 60_000)

  const idOf = async (daemon: Daemon): Promise<string> => (await daemon.json<{ id: string }>('gateway', 'ping')).id
  const at = (daemon: Daemon | undefined): Daemon => {
    if (daemon === undefined) throw new Error('the mesh has not started')
    return daemon
  }
  const info = (name: string): Promise<Info> => at(cyd).json('workload', 'info', name)
  const isAt = async (address: string, image: string): Promise<boolean> => {
    const images = await connectEngine(address).listImages()
    return images.some(({ RepoTags }) => RepoTags?.includes(image) === true)
  }

  test('given an image that only one member has, when work with it is placed on another, then it runs there, and says what ran', async () => {
    const image = `${prefix}alone:1`
    const id = await makeImage(first, image, 8 * mib)
    const reply = await at(cyd).cli(
      'run',
      '--node',
      'cyd',
      '--name',
      'alone',
      image,
      '--',
      'sh',
      '-c',
      'wc -c < /payload',
    )
    expect(reply).toMatchObject({ code: 0, stdout: `${8 * mib}\n` })
    expect(at(cyd).log).toMatch(/an image came from a member/)
    expect(await info('alone')).toMatchObject({ state: 'completed', imageId: id })
    expect(await isAt(second.address, image)).toBe(true)
  })

  test('given pull never, work does not run where its image is not', async () => {
    const image = `${prefix}never:1`
    await makeImage(first, image, 1_000)
    const reply = await at(cyd).cli('run', '--node', 'cyd', '--pull', 'never', image, '--', 'true')
    expect(reply.code).not.toBe(0)
    expect(reply.stderr).toContain('IMAGE_NOT_FOUND')
    expect(await isAt(second.address, image)).toBe(false)
  })

  test('given an image pinned by its own id, it is taken from a member and runs', async () => {
    const image = `${prefix}pinned:1`
    const id = await makeImage(first, image, 1_000)
    const pinned = `${prefix}pinned@${id}`
    expect(await at(cyd).cli('run', '--node', 'cyd', '--name', 'pinned', pinned, '--', 'true')).toMatchObject({
      code: 0,
    })
    expect(await info('pinned')).toMatchObject({ imageId: id, image: pinned })
  })

  test('given an image that one engine has, image push copies it to the other; list and info say who has it; remove takes it away', async () => {
    const image = `${prefix}pushed:1`
    const id = await makeImage(first, image, 2 * mib)
    const pushed = await at(cyd).cli('image', 'push', image, '--to', 'cyd')
    expect(pushed).toMatchObject({ code: 0 })
    expect(pushed.stdout).toContain(`cyd has it: ${id}`)
    const [row] = await at(cyd).json<readonly Row[]>('image', 'info', image)
    expect(row).toMatchObject({ id, tags: [image] })
    expect(row?.nodes.map(({ node }) => node).toSorted()).toEqual(['ada', 'bob', 'cyd'])
    const listed = await at(cyd).json<readonly Row[]>('image', 'list', '--node', 'cyd')
    expect(listed.find((one) => one.id === id)?.nodes).toMatchObject([{ node: 'cyd', inUse: false }])
    expect(await at(cyd).cli('image', 'remove', image, '--node', 'cyd')).toMatchObject({ code: 0 })
    expect(await isAt(second.address, image)).toBe(false)
  })

  test('given a file that docker save wrote, image push brings it to a node; prune takes it away again, and nothing that was used', async () => {
    const image = `${prefix}file:1`
    await makeImage(first, image, 3 * mib)
    const file = join(mesh.directory, 'app.tar')
    await pipeline(await connectEngine(first).getImage(image).get(), createWriteStream(file))
    expect(await at(cyd).cli('image', 'push', file, '--to', 'cyd')).toMatchObject({ code: 0 })
    expect(await isAt(second.address, image)).toBe(true)

    const plan = await at(cyd).cli('image', 'prune', '--node', 'cyd', '--dry-run')
    expect(plan.stdout).toContain(image)
    expect(plan.stdout).not.toContain(`${prefix}alone:1`)
    expect((await at(cyd).cli('image', 'prune', '--node', 'cyd', '--yes')).code).toBe(0)
    expect(await isAt(second.address, image)).toBe(false)
    for (const kept of [`${prefix}alone:1`, labImage]) expect(await isAt(second.address, kept)).toBe(true)
  })

  test('given a file that is no archive, image push says so', async () => {
    const file = join(mesh.directory, 'broken.tar')
    writeFileSync(file, 'not a tar')
    const reply = await at(cyd).cli('image', 'push', file, '--to', 'cyd')
    expect(reply.code).not.toBe(0)
    expect(reply.stderr).toContain('IMAGE_CORRUPT')
  })

  test('given two nodes that are to have an image that nobody has, image pull tells of each why not', async () => {
    const reply = await at(cyd).cli('image', 'pull', '127.0.0.1:1/nobody:1', '--node', 'ada', '--node', 'cyd')
    expect(reply.code).not.toBe(0)
    expect(reply.stdout).toMatch(/ada does not have it/)
    expect(reply.stdout).toMatch(/cyd does not have it/)
    expect(reply.stderr).toContain('IMAGE_NOT_FOUND')
  })

  test('given a source that dies in the middle of a transfer, the image comes from another member, and nothing is left of the first try', async () => {
    const image = `${prefix}large:1`
    const id = await makeImage(first, image, 96 * mib)
    await at(cyd).json('run', '-d', '--node', 'cyd', '--name', 'large', image, '--', 'true')
    const busy = await eventually(
      'the transfer has begun',
      30_000,
      () => info('large'),
      ({ progress }) => progress !== null && /taking image from \w+: [1-9]/.test(progress),
    )
    const source = /from (\w+)/.exec(busy.progress ?? '')?.[1]
    const [dying, living] = source === 'ada' ? [ada, 'bob'] : [bob, 'ada']
    await at(dying).end('SIGKILL')
    await eventually(
      'the other one gives it',
      30_000,
      () => info('large'),
      ({ progress, state }) => state === 'completed' || progress?.includes(`from ${living}`) === true,
    )
    const done = await eventually(
      'it has run',
      60_000,
      () => info('large'),
      ({ state }) => state === 'completed' || state === 'failed',
    )
    expect(done).toMatchObject({ state: 'completed', imageId: id })
  }, 120_000)
})
