/** Work that saves when it is told to: every so often, and before it leaves its node, so that its next attempt goes on from there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'

interface Info extends WorkloadInfo {
  readonly checkpoint: { readonly lastAt: string | null } | null
  readonly history: readonly { readonly exitCode: number | null; readonly reason: string }[]
}

let mesh: Mesh
let daemon: Daemon

beforeAll(async () => {
  mesh = await Mesh.start({ names: ['one', 'two'], gpus: '1xH100' })
  daemon = mesh.get(0)
})

afterAll(async () => {
  await mesh.stop()
})

const info = (name: string): Promise<Info> => daemon.json('workload', 'info', name)
const reaches = (name: string, what: string, holds: (info: Info) => boolean): Promise<Info> =>
  eventually(`${name} ${what}`, 60_000, () => info(name), holds)
const runs = (name: string, attempt: number): Promise<Info> =>
  reaches(name, `runs as attempt ${attempt}`, (seen) => seen.state === 'running' && seen.attempt === attempt)
const folder = (name: string): string => join(mesh.directory, name)
const output = async (name: string): Promise<string> => (await daemon.cli('logs', name)).stdout

/**
 * Counts, each step a file in a folder, so that no step is lost or done twice unless it was not saved. Told to save, it notes how far
 * it is; what happens then is up to the test. It does not listen to SIGTERM, so that only what it was told before can save it.
 */
function counting(afterSave: string): string {
  return `
    at="$CLAW_CHECKPOINT_PATH/step"; mkdir -p "$CLAW_CHECKPOINT_PATH"; trap '' TERM
    step=$(cat "$at" 2>/dev/null || echo 0); echo "begins at $step"
    trap 'echo $step > "$at.new" && mv "$at.new" "$at"; echo "saved $step"; ${afterSave}' USR1
    while :; do step=$((step + 1)); echo "step $step"; sleep 0.1; done`
}

const submit = (name: string, script: string, ...options: readonly string[]): Promise<unknown> =>
  daemon.json(
    ...['run', '-d', '--name', name, '--checkpoint-signal', 'USR1', '--checkpoint-path', folder(name)],
    ...['--stop-grace', '1s', ...options, 'host', '--', 'sh', '-c', script],
  )

const saved = (name: string): number => Number(readFileSync(join(folder(name), 'step'), 'utf8'))

test('given work that saves and exits when it is told, when its node is drained, then its next attempt goes on where it was', async () => {
  await submit('train', counting('exit 0'), '--checkpoint-save', '1m')
  const { node: home } = await runs('train', 1)
  await eventually('it counts', 20_000, () => output('train'), (text) => text.includes('step 3')) // prettier-ignore
  const drained = await daemon.cli('node', 'drain', home ?? '', '--timeout', '40s')
  expect(drained.code).toBe(0)

  const moved = await runs('train', 2)
  expect(moved.node).not.toBe(home)
  expect(moved.history).toMatchObject([{ exitCode: 0, reason: `evicted: ${home} is drained` }])
  expect(saved('train')).toBeGreaterThanOrEqual(3)
  await eventually('it goes on', 20_000, () => output('train'), (text) => text.includes(`begins at ${saved('train')}\nstep ${saved('train') + 1}`)) // prettier-ignore
  await daemon.json('node', 'undrain', home ?? '')
  await daemon.cli('stop', '--force', 'train')
})

test('given work that saves and goes on, when more urgent work needs its place, then it is killed only after it has saved', async () => {
  await submit('low', counting(':'), '--gpus', '1', '--priority', 'low', '--node', 'one', '--checkpoint-save', '2s')
  await runs('low', 1)
  await daemon.json('run', '-d', '--name', 'high', ...['--gpus', '1', '--priority', 'high', '--node', 'one', 'host'], '--', 'sleep', '2') // prettier-ignore
  const waiting = await reaches('low', 'has made room', ({ history }) => history.length === 1)
  expect(waiting.history).toMatchObject([{ exitCode: 137, reason: 'evicted: makes room for high' }])
  const from = saved('low')
  await runs('low', 2)
  await eventually('it goes on', 20_000, () => output('low'), (text) => text.includes(`begins at ${from}\n`)) // prettier-ignore
  await daemon.cli('stop', '--force', 'low')
})

test('given work with an interval, when it has passed, then it was told, and everybody can see when; a stop does not tell it', async () => {
  await submit('regular', counting(':'), '--checkpoint-interval', '10s')
  await runs('regular', 1)
  expect((await info('regular')).checkpoint?.lastAt).toBeNull()
  await reaches('regular', 'has saved', ({ checkpoint }) => (checkpoint?.lastAt ?? null) !== null)
  const seen = await mesh.get(1).cli('workload', 'info', 'regular')
  expect(seen.stdout).toMatch(/^Last checkpoint: +20\d\d-/m)
  const before = (await output('regular')).match(/saved/g)?.length
  await daemon.cli('stop', 'regular')
  await reaches('regular', 'has stopped', ({ state }) => state === 'stopped')
  expect((await output('regular')).match(/saved/g)?.length).toBe(before)
})
