/** Several of the same: gangs that start together or not at all and know of each other, and arrays. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'

interface Part extends WorkloadInfo {
  readonly reason: string | null
  readonly retries: number
  readonly part: { readonly group: string; readonly index: number; readonly count: number } | null
}

let mesh: Mesh
beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two'], gpus: '2xH100' })
  await eventually(
    'both nodes are known',
    15_000,
    () => mesh.get(0).json<readonly { readonly gpus: readonly unknown[] }[]>('node', 'list'),
    (nodes) => nodes.filter(({ gpus }) => gpus.length === 2).length === 2,
  )
})
afterAll(async () => {
  await mesh.stop()
})

const parts = (group: string): Promise<readonly Part[]> => mesh.get(1).json('workload', 'list', '--group', group)
const become = (group: string, count: number, holds: (part: Part) => boolean): Promise<readonly Part[]> =>
  eventually(
    `the ${count} parts of ${group} are so far`,
    30_000,
    () => parts(group),
    (all) => all.length === count && all.every(holds),
  )
const is =
  (state: string) =>
  (part: Part): boolean =>
    part.state === state
const file = (name: string): string => join(mesh.directory, name)
const until = (name: string): string => `until [ -e ${file(name)} ]; do sleep 0.1; done`
const run = (name: string, options: readonly string[], script: string): Promise<unknown> =>
  mesh.get(0).json('run', '-d', '--name', name, ...options, 'host', '--', 'sh', '-c', script)

test('given a gang on two nodes, then each part is told its rank, how many there are, and where the first one is', async () => {
  const script = 'echo $RANK $WORLD_SIZE $PET_NODE_RANK/$PET_NNODES $PET_NPROC_PER_NODE $MASTER_ADDR:$MASTER_PORT'
  const reply = await mesh
    .get(0)
    .cli('run', '--name', 'ranks', '--nodes', '2', '--gang', '--gpus', '2', 'host', '--', 'sh', '-c', script)
  expect(reply.code, reply.stderr).toBe(0)
  expect(reply.stdout.trim().split('\n').toSorted()).toEqual([
    '[ranks-0] 0 2 0/2 2 127.0.0.1:29500',
    '[ranks-1] 1 2 1/2 2 127.0.0.1:29500',
  ])
  expect(new Set((await parts('ranks')).map(({ node }) => node))).toEqual(new Set(['one', 'two']))
})

test('given a gang of which one part has no room, then nothing of it runs until all of it can', async () => {
  await run('other', ['--gpus', '1'], until('other'))
  await run('team', ['--replicas', '4', '--gang', '--gpus', '1'], until('team'))
  const waiting = await become('team', 4, ({ reason }) => reason !== null)
  expect(waiting[0]).toMatchObject({ state: 'pending', attempt: 0 })
  expect(waiting[0]?.reason).toContain('of the 4 parts of its gang')

  writeFileSync(file('other'), '')
  await become('team', 4, is('running'))
  const devices = (await parts('team')).flatMap((part) => part.devices)
  expect(new Set(devices).size).toBe(4)
  const decisions = await mesh.get(1).cli('logs', '--scheduler', 'team-3')
  expect(decisions.stdout).toMatch(
    /^\S+ {2}placed {5}team-3 goes to (one|two): the 4 parts of its gang fit on 2 of the 2 nodes that could run them\n$/,
  )
  writeFileSync(file('team'), '')
  await become('team', 4, is('completed'))
})

test('given a part that fails, then the whole gang is tried again, and after the last try all of it has failed', async () => {
  const script = `if [ $RANK = 1 ]; then exit 3; fi; ${until('never')}`
  await run(
    'fragile',
    ['--replicas', '2', '--gang', '--restart', 'on-failure:1', '--retry-backoff', '0s', '--stop-grace', '1s'],
    script,
  )
  const [first, second] = await become('fragile', 2, is('failed'))
  expect([first?.attempt, second?.attempt]).toEqual([2, 2])
  expect(second?.error).toMatchObject({ code: 'NONZERO_EXIT' })
  expect(first?.error).toEqual({ code: 'GANG_FAILED', message: 'Its gang cannot go on: fragile-1 failed.' })
})

test('given a node that is drained, then the gang leaves as a whole and comes back as a whole', async () => {
  await run('movers', ['--nodes', '2', '--gang', '--stop-grace', '1s'], until('movers'))
  await become('movers', 2, is('running'))
  await mesh.get(0).json('node', 'drain', 'two', '--no-wait')
  await become('movers', 2, ({ state, reason }) => state === 'pending' && reason !== null)
  await mesh.get(0).json('node', 'undrain', 'two')
  await become('movers', 2, ({ state, attempt }) => state === 'running' && attempt === 2)
  await mesh.get(0).json('stop', 'movers')
  await become('movers', 2, is('stopped'))
})

test('given an array with a limit, then all of it runs, no more than so many at a time', async () => {
  const count = `mkdir ${file('at')}-$CLAW_INDEX; ls -d ${file('at')}-* | wc -l; sleep 0.5; rmdir ${file('at')}-$CLAW_INDEX`
  const reply = await mesh.get(0).cli('run', '--name', 'sweep', '--array', '6%2', 'host', '--', 'sh', '-c', count)
  expect(reply.code, reply.stderr).toBe(0)
  const atOnce = reply.stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split('] ')[1]))
  expect(atOnce.length).toBe(6)
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(2)
})

test('given a request for a gang, when it is only planned, then every part’s place is told and nothing is submitted', async () => {
  interface Plan {
    readonly fits: boolean
    readonly parts: readonly { readonly node: string }[]
  }
  const plan = await mesh.get(0).json<Plan>('run', '--dry-run', '--nodes', '2', '--gang', '--gpus', '2', 'host')
  expect([plan.fits, plan.parts.map(({ node }) => node).toSorted()]).toEqual([true, ['one', 'two']])
  const tooLarge = await mesh.get(0).cli('run', '--dry-run', '--nodes', '3', '--gang', 'host')
  expect(tooLarge.code).toBe(6)
  expect(tooLarge.stdout).toContain('of the 3 parts of its gang')
})
