/** Of work that waits, a plan asks only once why, for all that is alike; what is not alike is asked for itself. */
import { describe, expect, test } from 'vitest'
import type { Reservation } from '../../../../src/core/queue/reservation.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { Stock } from '../../../../src/core/scheduler/stock.ts'
import type { NodeSnapshot, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { groupId, nodeId, partId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const at = 10_000
const full = (name: string): NodeSnapshot => node(name, 1, { held: new Set([`GPU-${name}-0`]) })

/** Counts how often somebody asks whether a node is kept. */
class Kept extends Map<NodeId, Reservation> {
  asked = 0

  override get(id: NodeId): Reservation | undefined {
    this.asked += 1
    return super.get(id)
  }
}

const keptFor = (owner: string, from: number | null): Kept =>
  new Kept([[nodeId('a'), { workload: workloadId(owner), from, priority: 500 }]])

const decisionsOn = (nodes: readonly NodeSnapshot[], pending: readonly Workload[], more: Partial<Snapshot> = {}) =>
  new Map(
    plan({ ...quiet, at, nodes, pending, ...more }, defaultScheduling).map((each) => [each.workload, each.decision]),
  )

describe('given nodes that are kept', () => {
  test('when ever so much alike waits, then the nodes are looked at once for all of it', () => {
    const nodes = Array.from({ length: 50 }, (_, i) => full(`n${i}`))
    const waiting = Array.from({ length: 500 }, (_, i) => work(`wl-${i}`, { gpus: { count: 1 } }))
    const reservations = keptFor('wl-other', null)
    const decisions = decisionsOn([node('a', 1), ...nodes], waiting, { reservations })
    expect([...decisions.values()].every((decision) => decision === 'wait')).toBe(true)
    expect(reservations.asked).toBeLessThan(100)
  })

  test('when some of a kind may use them and some not, then each gets what it may', () => {
    const gpus = { count: 1 }
    const pending = [
      work('wl-endless', { gpus }),
      work('wl-long', { gpus, timeoutMs: 3_600_000 }, { submittedAt: 1_001 }),
      work('wl-short', { gpus, timeoutMs: 1_000 }, { submittedAt: 1_002 }),
      work('wl-owner', { gpus }, { submittedAt: 1_003 }),
    ]
    const decisions = decisionsOn([node('a', 2)], pending, { reservations: keptFor('wl-owner', at + 600_000) })
    expect(Object.fromEntries(decisions)).toEqual({
      'wl-endless': 'wait',
      'wl-long': 'wait',
      'wl-short': 'place',
      'wl-owner': 'place',
    })
  })
})

test('given an array that has no node left of its own, when another of the same kind waits behind it, then that one is placed', () => {
  const parts = { count: 2, gang: false, ownNodes: true }
  const partsOf = (name: string, submittedAt: number): readonly Workload[] =>
    [0, 1].map((index) => ({
      ...work(partId(groupId(name), index), { gpus: { count: 1 }, parts }, { submittedAt }),
      part: { group: groupId(name), index },
    }))
  const decisions = decisionsOn([node('a', 4)], [...partsOf('wl-x', 1_000), ...partsOf('wl-y', 2_000)])
  expect([...decisions.values()]).toEqual(['place', 'wait', 'place', 'wait'])
})

test('given work that wants to be near other work, when that is placed after it was looked at, then the next of its kind is placed', () => {
  const wanted = { gpus: { count: 1 }, near: [{ app: 'db' }] }
  const pending = [
    work('wl-early', wanted),
    work('wl-db', { labels: { app: 'db' } }, { submittedAt: 1_001 }),
    work('wl-late', wanted, { submittedAt: 1_002 }),
  ]
  expect([...decisionsOn([node('a', 4)], pending).values()]).toEqual(['wait', 'place', 'place'])
})

test('given a mesh that is full, when there are more kinds than are remembered, then a plan does not hold on to all of them', () => {
  const stock = new Stock()
  const nodes = Array.from({ length: 2_000 }, (_, i) => full(`n${i}`))
  const pending = Array.from({ length: 300 }, (_, i) => work(`wl-${i}`, { gpus: { count: 1 }, memoryMib: 100 + i }))
  const decisions = plan({ ...quiet, at, nodes, pending }, defaultScheduling, stock)
  expect(decisions).toHaveLength(300)
  expect(stock.kinds).toBeLessThan(150)
})
