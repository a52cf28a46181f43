/** What is done for work that fits nowhere. */
import { beforeEach, expect, test } from 'vitest'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { ada, submit } from '../../../support/control-samples.ts'
import { GatewayMesh, settings } from '../../../support/gateway-mesh.ts'

let mesh: GatewayMesh
beforeEach(async () => {
  mesh = await GatewayMesh.start()
})

/** Placed, claimed and started. */
async function runs(name: string): Promise<void> {
  const at = (): Workload | undefined => mesh.workload(name)
  await mesh.world.runUntil(() => at()?.placement !== null, 3_000)
  const { id: placement, node } = at()?.placement ?? { id: placementId(workloadId(name), 1), node: ada }
  await mesh.run({ type: 'claim', placement, node })
  await mesh.run({ type: 'report-running', placement, node, startedAt: mesh.world.now() })
}
const ends = (name: string, attempt: number): Promise<void> =>
  mesh.run({
    type: 'report-ended',
    placement: placementId(workloadId(name), attempt),
    node: ada,
    endedAt: mesh.world.now(),
    exitCode: 143,
    error: { code: 'NONZERO_EXIT', message: 'it exited with 143' },
  })

test('work of a lower priority makes room, keeps its place in the queue, and nothing smaller slips in between', async () => {
  await mesh.run(submit('low', { gpus: { count: 1 }, priority: 250 }))
  await runs('low')
  await mesh.run(submit('other', { gpus: { count: 1 }, priority: 900 }))
  await runs('other')
  await mesh.run(submit('high', { gpus: { count: 1 }, priority: 750 }))
  await mesh.world.runUntil(() => mesh.workload('low')?.eviction !== null, 3_000)
  expect(mesh.workload('low')?.eviction).toMatchObject({ reason: 'makes room for high' })
  expect(mesh.workload('other')?.eviction).toBe(null)
  await mesh.run(submit('lower', { gpus: { count: 1 }, priority: 300 }))
  await ends('low', 1)
  await mesh.world.runUntil(() => mesh.workload('high')?.placement !== null, 3_000)
  await mesh.world.runFor(2_000)
  expect([mesh.workload('low'), mesh.workload('lower')]).toMatchObject([
    { state: 'pending', attempt: 1, history: [{ reason: 'evicted: makes room for high' }] },
    { state: 'pending', attempt: 0 },
  ])
})

test('a node is kept for large work that has waited, and small work that comes later waits for it', async () => {
  await mesh.run(submit('small', { gpus: { count: 1 } }))
  await runs('small')
  await mesh.run(submit('large', { gpus: { count: 2 } }))
  await mesh.world.runFor(settings.scheduling.reserveAfter + 2_000)
  await mesh.run(submit('later', { gpus: { count: 1 } }))
  await mesh.world.runFor(2_000)
  expect(mesh.workload('later')).toMatchObject({ state: 'pending', attempt: 0 })
  await ends('small', 1)
  await mesh.world.runUntil(() => mesh.workload('large')?.placement !== null, 3_000)
  expect(mesh.workload('later')).toMatchObject({ state: 'pending', attempt: 0 })
})

test('work waits for what it depends on, and fails when that can no longer be', async () => {
  await mesh.run(submit('first', { gpus: { count: 1 } }))
  await runs('first')
  const dependencies = [{ workload: 'first', condition: 'afterOk' }]
  await mesh.run(submit('then', { dependencies }))
  await mesh.world.runFor(2_000)
  expect(mesh.workload('then')).toMatchObject({ state: 'pending', attempt: 0 })
  await ends('first', 1)
  await mesh.world.runUntil(() => mesh.workload('then')?.state === 'failed', 3_000)
  expect(mesh.workload('then')?.error?.code).toBe('DEPENDENCY_FAILED')
})
