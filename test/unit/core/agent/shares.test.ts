/** What a node does about shares of its devices. */
import { describe, expect, test } from 'vitest'
import type { Holding } from '../../../../src/core/agent/device-ledger.ts'
import type { Assigned } from '../../../../src/core/agent/view.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { assigned, holding, id, other, running, steps, task } from '../../../support/agent-samples.ts'
import { spec } from '../../../support/control-samples.ts'

const placed = (gpus: Record<string, unknown>, claimed: boolean): Assigned =>
  assigned({ claimed, spec: spec({ gpus: { count: 1, ...gpus } }) })
const shared = (share: number, claimed: boolean): Assigned => placed({ share }, claimed)
const runsBeside = new Map([task(running, other)])

describe('a share of a device', () => {
  const acquire = { type: 'acquire', placement: id, devices: ['GPU-0'], share: { memoryMib: 50_000, of: [80_000] } }
  const beside = (memoryMib: number): readonly [PlacementId, Holding] => [
    other,
    { placement: other, devices: ['GPU-0'], share: { memoryMib, of: [80_000] }, phase: 'started' },
  ]

  test('is held in the ledger with what the device has, whether before the claim or after a lost ledger', () => {
    const given = { sharing: true, ledger: new Map([beside(30_000)]), tasks: runsBeside }
    const recorded = { do: 'record', placement: id, record: acquire }
    for (const claimed of [false, true])
      expect(steps({ ...given, workloads: [shared(50_000, claimed)] })).toContainEqual(recorded)
  })

  test.each([
    ['this node shares no GPUs', { sharing: false }],
    ['this node has not looked at its GPUs yet', { sharing: true, devices: null }],
    [
      'device GPU-0 has 49999 MiB left to share',
      { sharing: true, ledger: new Map([beside(30_001)]), tasks: runsBeside },
    ],
    [
      `device GPU-0 is in use by ${other}`,
      { sharing: true, ledger: new Map([holding('held', other)]), tasks: runsBeside },
    ],
  ])('is rejected: %s', (reason, parts) => {
    const reject = { do: 'reject', placement: id, reason }
    expect(steps({ ...parts, workloads: [shared(50_000, false)] })).toContainEqual(reject)
  })

  test('that was taken stays when its owner no longer wants that', () => {
    const held = { ...holding('held')[1], share: { memoryMib: 50_000, of: [80_000] } }
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
    expect(steps({ sharing: true, ledger: new Map([beside(1)]), tasks: runsBeside, workloads })).toContainEqual({
      ...{ do: 'reject', placement: id },
      reason: `device GPU-0 is in use by ${other}`,
    })
  })
})
