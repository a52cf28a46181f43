/** What happens when very many schedules are due at once. */
import { expect, test } from 'vitest'
import type { CronSettings } from '../../src/model/cron.ts'
import { cronId } from '../../src/model/ids.ts'
import { deadline } from '../support/control-peers.ts'
import { ada, bob, cyd, inventory, spec } from '../support/control-samples.ts'
import { GatewayMesh } from '../support/gateway-mesh.ts'
import { jobSettings } from '../support/job-lab.ts'

const minute = 60_000
const settings: CronSettings = {
  ...{ schedule: '* * * * *', timeZone: 'UTC', concurrency: 'forbid', missed: 'skip' },
  ...{ startingDeadlineMs: 20_000, keepCompleted: 1, keepFailed: 1 },
}

test('given 1,000 schedules that are due at the same second, when the leader dies just then, then each has one job for that moment', async () => {
  const mesh = await GatewayMesh.start()
  const { world, group } = mesh
  for (const node of [bob, cyd]) await mesh.join(node)
  for (const { id } of mesh.peers)
    await mesh.run({ type: 'report-inventory', node: id, inventory: inventory(id, 2, { versions: { state: '1..2' } }) })
  await world.runUntil(() => mesh.state().version === 2, 60_000)
  await world.runFor(minute - (world.now() % minute) + 100)
  const ids = Array.from({ length: 1_000 }, (_, i) => cronId(`cron-${i}`))
  const job = jobSettings({ completions: 1 })
  const control = mesh.peers.find(({ id }) => id === group.leader)?.control
  if (control === undefined) throw new Error('nobody leads')
  const made = ids.map((cron) =>
    control.execute(
      { type: 'create-cron', cron, name: cron, spec: spec(), settings, job },
      { id: cron, by: ada, signal: deadline(world, 30_000) },
    ),
  )
  await world.runUntil(() => mesh.state().crons.size === ids.length, 40_000)
  await world.runFor(100)
  await Promise.all(made)

  // Some of what it has decided reaches the others, and some does not.
  group.delay = 200
  await world.runUntil(() => mesh.state().jobs.size > 0, minute + 5_000)
  group.elect(null)
  group.delay = 10
  await world.runFor(3_000)
  const before = mesh.state().jobs.size
  expect([before > 0, before < 1_000]).toEqual([true, true])
  group.elect(bob)
  await world.runUntil(() => mesh.state().jobs.size >= 1_000, 10_000)
  await world.runFor(500)
  const { crons, jobs } = mesh.state()
  expect(ids.map((id) => [crons.get(id)?.fired, crons.get(id)?.missedCount])).toEqual(ids.map(() => [1, 0]))
  expect(jobs.size).toBe(1_000)
}, 60_000)
