/** What a node does about shares of its devices. */
import { describe, expect, test } from 'vitest'
import type { Holding } from '../../../../src/core/agent/device-ledger.ts'
import { reconcile } from '../../../../src/core/agent/reconcile.ts'
import type { AgentView, Assigned } from '../../../../src/core/agent/view.ts'
import { agentSettings } from '../../../../src/core/agent/view.ts'
import { unborn } from '../../../../src/core/state/workloads.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { spec } from '../../../support/control-samples.ts'

const node = nodeId('node')
const workload = workloadId('wl-a')
const id = placementId(workload, 1)
const other = placementId(workloadId('wl-b'), 1)

const placed = (gpus: Record<string, unknown>, claimed: boolean): Assigned => ({
  ...unborn,
  ...{ id: workload, name: 'a', spec: spec({ gpus: { count: 1, ...gpus } }), submittedBy: 'test', submittedAt: 0 },
  ...{ state: 'starting', attempt: 1, gang: null },
  placement: {
    ...{ id, workload, node, attempt: 1, devices: ['GPU-0'], executor: 'docker', term: 1, at: 0, port: null },
    state: claimed ? 'claimed' : 'placed',
  },
})
const shared = (share: number, claimed: boolean): Assigned => placed({ share }, claimed)
const whole = (of: PlacementId): readonly [PlacementId, Holding] => [
  of,
  { placement: of, devices: ['GPU-0'], share: null, phase: 'held' },
]

const steps = ({ workloads, ...parts }: Partial<AgentView> & { readonly workloads: readonly Assigned[] }) => {
  const view: AgentView = {
    ...{ node, fresh: true, cutOffFor: 0, told: new Map(), adopted: new Set(), ledger: new Map(), tasks: new Map() },
    assigned: new Map(workloads.map((one) => [one.placement.id, one])),
    executors: new Map([['docker', 'ready']]),
    ...{ failures: new Map(), checkpoints: new Map(), saves: new Map() },
    devices: new Map([['GPU-0', 80_000]]),
    ...{ sharing: false, at: 1_000_000, ...parts },
  }
  return reconcile(view, agentSettings)
}

describe('a share of a device', () => {
  const acquire = { type: 'acquire', placement: id, devices: ['GPU-0'], share: { memoryMib: 50_000, of: [80_000] } }
  const beside = (memoryMib: number): readonly [PlacementId, Holding] => [
    other,
    { placement: other, devices: ['GPU-0'], share: { memoryMib, of: [80_000] }, phase: 'started' },
  ]

  test('is held in the ledger with what the device has, whether before the claim or after a lost ledger', () => {
    const given = { sharing: true, ledger: new Map([beside(30_000)]) }
    const recorded = { do: 'record', placement: id, record: acquire }
    for (const claimed of [false, true])
      expect(steps({ ...given, workloads: [shared(50_000, claimed)] })).toContainEqual(recorded)
  })

  test.each([
    ['this node shares no GPUs', { sharing: false }],
    ['this node has not looked at its GPUs yet', { sharing: true, devices: null }],
    ['device GPU-0 has 49999 MiB left to share', { sharing: true, ledger: new Map([beside(30_001)]) }],
    [`device GPU-0 is in use by ${other}`, { sharing: true, ledger: new Map([whole(other)]) }],
  ])('is rejected: %s', (reason, parts) => {
    const reject = { do: 'reject', placement: id, reason }
    expect(steps({ ...parts, workloads: [shared(50_000, false)] })).toContainEqual(reject)
  })

  test('that was taken stays when its owner no longer wants that', () => {
    const held = { ...whole(id)[1], share: { memoryMib: 50_000, of: [80_000] } }
    const given = { sharing: false, ledger: new Map([[id, held]]) }
    expect(steps({ ...given, workloads: [shared(50_000, false)] })).toEqual([{ do: 'claim', placement: id }])
    expect(steps({ ...given, workloads: [shared(50_000, true)] })).toEqual([{ do: 'start', placement: id }])
  })

  test('claimed before the ledger was lost ends when its owner no longer wants that, and waits for the first look', () => {
    const workloads = [shared(50_000, true)]
    const message = 'The workload is gone: this node shares no GPUs.'
    expect(steps({ sharing: false, workloads })).toMatchObject([
      { do: 'report', report: { type: 'ended', error: { code: 'WORKLOAD_LOST', message } } },
    ])
    expect(steps({ sharing: true, devices: null, workloads })).toEqual([])
  })

  test('keeps whoever wants the whole device out', () => {
    const workloads = [placed({}, false)]
    expect(steps({ sharing: true, ledger: new Map([beside(1)]), workloads })).toContainEqual({
      ...{ do: 'reject', placement: id },
      reason: `device GPU-0 is in use by ${other}`,
    })
  })
})
