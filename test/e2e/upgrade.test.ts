/**
 * A mesh of three is upgraded daemon by daemon under work. The older build is simulated: the same sources without what the newest state
 * version added (scripts/build-previous.mjs).
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Daemon, Reply, StatusReply, WorkloadInfo } from '../support/mesh.ts'
import { eventually, Mesh } from '../support/mesh.ts'
import { type PreviousBuild, previousBuild } from '../support/previous-build.ts'
import { StreamOfWork } from '../support/stream-of-work.ts'

interface Versions {
  readonly peer: {
    readonly version: string
    readonly state: {
      readonly version: number
      readonly outdated: string | null
      readonly next: { readonly version: number; readonly waitsFor: readonly string[] } | null
    }
    readonly peers: readonly {
      readonly node: string
      readonly version: string
      readonly skew: string
      readonly applies: unknown
      readonly problems: readonly string[]
    }[]
  }
}

let previous: PreviousBuild
let mesh: Mesh
let stream: StreamOfWork
/** Of those that are up. */
let up: Daemon[]
let first: Daemon
let second: Daemon
let last: Daemon

beforeAll(async () => {
  previous = await previousBuild()
  mesh = await Mesh.start({ names: ['one', 'two', 'three'], program: previous.program })
  await mesh.voters(3)
  up = [...mesh.daemons]
  last = await mesh.leader()
  ;[first, second] = mesh.daemons.filter((daemon) => daemon !== last) as [Daemon, Daemon]
  stream = new StreamOfWork(() => up)
})

afterAll(async () => {
  await stream.stop()
  await mesh.stop()
  previous.remove()
})

const versions = async (daemon: Daemon): Promise<Versions['peer']> => (await daemon.json<Versions>('version')).peer
const codeOf = (reply: Reply): string => (JSON.parse(reply.stderr) as { error: { code: string } }).error.code
const stopWithReason = (at: Daemon, name: string): Promise<Reply> =>
  at.cli('--json', 'stop', name, '--no-wait', '--reason', 'enough')

const healthy = (count: number, at: Daemon): Promise<StatusReply> =>
  eventually(
    `${count} are healthy`,
    30_000,
    () => at.json<StatusReply>('status'),
    ({ nodes, leader }) => nodes.healthy === count && leader !== null,
  )

async function takeDown(daemon: Daemon): Promise<void> {
  up = up.filter((other) => other !== daemon)
  await daemon.end()
}

async function bringUp(daemon: Daemon): Promise<void> {
  await daemon.start()
  up.push(daemon)
}

async function upgrade(daemon: Daemon): Promise<void> {
  await takeDown(daemon)
  daemon.rebuild()
  await bringUp(daemon)
  await healthy(3, daemon)
}

/** Digests of the state of each, taken where all stand at the same index of the log. */
async function digests(daemons: readonly Daemon[]): Promise<readonly string[]> {
  const taken = await eventually(
    'all stand at the same index',
    60_000,
    () => Promise.all(daemons.map(async (daemon) => backupOf(daemon))),
    (backups) => new Set(backups.map(({ index }) => index)).size === 1,
  )
  return taken.map(({ digest }) => digest)
}

async function backupOf(daemon: Daemon): Promise<{ readonly index: number; readonly digest: string }> {
  const file = join(mesh.directory, `${daemon.name}-${Math.random()}.claw`)
  const { index } = await daemon.json<{ index: number }>('mesh', 'backup', file, '--stale')
  const content = readFileSync(file)
  const body = content.subarray(content.indexOf(10) + 1)
  return { index, digest: createHash('sha256').update(body).digest('hex') }
}

/** Everything that stands in the folder, by content. */
const contentOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .toSorted()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )

test('given three daemons of the previous version with work, when they are upgraded one by one, then nothing is lost and all hold the same state', async () => {
  for (const daemon of mesh.daemons)
    await daemon.json('run', '-d', '--name', `long-${daemon.name}`, '--node', daemon.name, 'host', '--', 'sleep', '900')
  stream.start()
  expect(await versions(last)).toMatchObject({ version: '0.0.9-simulated', state: { version: 1, next: null } })

  await upgrade(first)
  const mixed = await eventually(
    'the upgraded one waits for the others',
    30_000,
    () => versions(first),
    ({ state }) => state.next?.version === 2 && state.next.waitsFor.length === 2,
  )
  expect(mixed.state.next?.waitsFor).toEqual([last.name, second.name].toSorted())
  expect(mixed.peers.find(({ node }) => node === last.name)).toMatchObject({
    version: '0.0.9-simulated',
    skew: 'older',
  })

  // What is new is refused by name of who is to be upgraded; who is older does not know it at all.
  const refused = await stopWithReason(first, `long-${first.name}`)
  expect(codeOf(refused)).toBe('UPGRADE_NEEDED')
  for (const { name } of [second, last]) expect(refused.stderr).toContain(name)
  const unknown = await stopWithReason(last, `long-${first.name}`)
  expect(codeOf(unknown)).toBe('INVALID_REQUEST')
  expect(unknown.stderr).toContain(`${last.name} runs the older build 0.0.9-simulated`)

  await stream.stop()
  expect(new Set(await digests(mesh.daemons)).size).toBe(1)
  stream.start()

  await upgrade(second)
  expect(codeOf(await stopWithReason(second, `long-${first.name}`))).toBe('UPGRADE_NEEDED')
  expect((await versions(second)).state.version).toBe(1)
})

test('given one that is down when the last is upgraded, when it comes back as the older build, then it keeps what it has, says that it is outdated, and changes nothing', async () => {
  await takeDown(second)
  await takeDown(last)
  last.rebuild()
  await bringUp(last)
  await eventually(
    'the mesh is at version 2',
    60_000,
    () => versions(last),
    ({ state }) => state.version === 2,
  )

  second.rebuild(previous.program)
  await second.start()
  const outdated = await eventually(
    'it says that it is outdated',
    30_000,
    () => versions(second),
    ({ state }) => state.outdated !== null,
  )
  expect(outdated.state).toMatchObject({ version: 1, outdated: expect.stringContaining('version 2') as string })
  expect(second.log).toContain('this daemon is outdated')
  expect((await second.cli('status')).stdout).toContain('OUTDATED')
  const refused = await second.cli('--json', 'run', '-d', '--name', 'never', 'host', '--', 'true')
  expect(codeOf(refused)).toBe('VERSION_UNSUPPORTED')
  expect(await second.json<WorkloadInfo>('workload', 'info', `long-${second.name}`)).toMatchObject({ state: 'running' })
  await eventually(
    'the others know',
    60_000,
    () => versions(first),
    ({ peers }) =>
      peers.find(({ node }) => node === second.name)?.problems.some((one) => one.includes('version 2')) ?? false,
  )
  await second.end()
})

test('given the directory of a newer build, when the older one is started on it, then it refuses and touches nothing', async () => {
  const state = join(second.dataDir, 'state')
  const before = contentOf(state)
  second.spawn()
  const code = await eventually(
    'it ends',
    30_000,
    () => Promise.resolve(second.exitCode),
    (ended) => ended !== null,
  )
  expect(code).not.toBe(0)
  expect(second.log).toContain('VERSION_UNSUPPORTED')
  expect(contentOf(state)).toEqual(before)
  await second.end()
})

test('given the newest build on all, then the outdated one goes on, the new feature works everywhere, and all that was acknowledged was done once', async () => {
  second.rebuild()
  await bringUp(second)
  await healthy(3, second)
  await eventually(
    'all follow at version 2',
    30_000,
    () => Promise.all(mesh.daemons.map(versions)),
    (all) => all.every(({ state }) => state.version === 2 && state.outdated === null && state.next === null),
  )
  await stream.stop()
  expect((await stopWithReason(second, `long-${first.name}`)).code).toBe(0)
  for (const daemon of mesh.daemons)
    await eventually(
      `${daemon.name} tells the reason`,
      30_000,
      () => daemon.json<WorkloadInfo & { stopReason: string | null }>('workload', 'info', `long-${first.name}`),
      ({ state, stopReason }) => state === 'stopped' && stopReason === 'enough',
    )
  for (const { name } of [second, last])
    expect(await last.json<WorkloadInfo>('workload', 'info', `long-${name}`)).toMatchObject({
      state: 'running',
      attempt: 1,
    })

  const jobs = await eventually(
    'all work has ended',
    60_000,
    () => first.json<WorkloadInfo[]>('workload', 'list'),
    (all) => all.every(({ name, state }) => name.startsWith('long-') || state === 'completed'),
  )
  expect(stream.acknowledged.length).toBeGreaterThan(10)
  expect(
    jobs
      .filter(({ name }) => name.startsWith('job-'))
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(stream.acknowledged.toSorted())
  expect(new Set(await digests(mesh.daemons)).size).toBe(1)
})
