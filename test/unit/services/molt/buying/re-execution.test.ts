/** Checks of work that runs twice, each by itself: of a job that is being submitted, one that never was, and providers that never end to tell. */
import { expect, test } from 'vitest'
import type { Job } from '../../../../../src/core/molt/market/job.ts'
import { abortable } from '../../../../../src/lib/abortable.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { second } from '../../../../../src/model/time.ts'
import { silent } from '../../../../../src/ports/log.ts'
import { ReExecution } from '../../../../../src/services/molt/buying/re-execution.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { World } from '../../../../../src/simulation/world.ts'
import type { LogsItem } from '../../../../../src/wire/molt-lease.ts'
import { play } from '../../../../support/play.ts'

const line: LogsItem = { position: 1, text: 'done\n', kinds: 'o1', positions: '', times: '', note: null }
/** So much of a job as is looked at. */
const jobOf = (id: string, provider: string): Job => {
  const purchase = { why: 'completed', state: 'closed', agreement: {}, terms: { provider }, since: 0, payer: {} }
  return {
    id,
    buy: { state: 'closed', why: 'completed', purchases: [{ ...purchase, outcome: null }] },
  } as unknown as Job
}

function stage(disk?: SimDisk) {
  const world = new World(1)
  const jobs = new Map<string, Job>()
  const making = new Set<string>()
  const checks = new ReExecution({
    ...{ clock: world, log: silent, disk: disk ?? new SimDisk({ random: world, clock: world, latency: 1 }) },
    rpc: {
      async *stream(provider, _, __, signal) {
        if (provider === nodeId('slow')) await abortable(new Promise(() => undefined), signal)
        yield line as never
      },
    },
    findings: { add: () => Promise.resolve() },
    job: (id) => jobs.get(id) ?? null,
    isBeingMade: (id) => making.has(id),
    again: (job) => Promise.resolve(`${job.id}-again`),
    onChange: () => undefined,
  })
  return { world, jobs, making, checks }
}

test('a job that is being submitted is waited for', async () => {
  const { world, jobs, making, checks } = stage()
  await play(world, checks.open())
  checks.start()
  making.add('mj-a')
  await play(world, checks.begin('mj-a', 10n))
  await world.runFor(30 * second)
  expect(checks.of('mj-a')).toMatchObject({ verdict: null, outputs: [] })
  jobs.set('mj-a', jobOf('mj-a', 'ada'))
  making.clear()
  await world.runFor(30 * second)
  expect(checks.of('mj-a')?.outputs).toMatchObject([{ provider: 'ada', bytes: 5 }])
  await play(world, checks.stop())
})

test('what was begun for a job that never came to be is dropped at the next start', async () => {
  const before = stage()
  const disk = new SimDisk({ random: before.world, clock: before.world, latency: 1 })
  const first = stage(disk)
  await play(before.world, first.checks.open())
  await play(before.world, first.checks.begin('mj-a', 10n))
  await play(before.world, first.checks.begin('mj-b', 10n))
  await play(before.world, first.checks.stop())
  const second = stage(disk)
  second.jobs.set('mj-b', jobOf('mj-b', 'ada'))
  await play(before.world, second.checks.open())
  expect([second.checks.of('mj-a'), second.checks.of('mj-b')?.id]).toEqual([null, 'mj-b'])
})

test('a provider that never ends to tell makes no other check wait', async () => {
  const { world, jobs, checks } = stage()
  await play(world, checks.open())
  checks.start()
  for (const [id, provider] of [
    ['mj-a', 'slow'],
    ['mj-b', 'ada'],
  ] as const) {
    jobs.set(id, jobOf(id, provider))
    await play(world, checks.begin(id, 10n))
    checks.wake()
    await world.runFor(second)
  }
  await world.runFor(20 * second)
  expect(checks.of('mj-a')?.outputs).toEqual([])
  expect(checks.of('mj-b')?.outputs).toMatchObject([{ provider: 'ada' }])
  await play(world, checks.stop())
})
