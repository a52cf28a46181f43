/** A short storm over real daemons on hosts of their own; scripts/chaos runs the long one. */
import { describe, expect, test } from 'vitest'
import { storm } from '../support/chaos/storm.ts'
import { hasHosts } from '../support/lab-hosts.ts'

describe.skipIf(!hasHosts)('on hosts of the lab (scripts/lab/README.md), as root', () => {
  test('given work in a storm, when it is over, then all of it has ended, once, and everybody was told the truth', async () => {
    const plan = { hosts: 3, submissions: 60, trouble: 50_000, fault: 3_000, stop: 4_000, say: () => {} }
    const { acknowledged, lost, states, failures, executions, faults, notLinearizable, verdict, repeats } =
      await storm(plan)
    console.log(JSON.stringify({ acknowledged, states, failures, executions, faults }))
    expect({ acknowledged, states, failures }).toEqual({ acknowledged: 60, states: { completed: 60 }, failures: [] })
    expect({ lost, notLinearizable }).toEqual({ lost: [], notLinearizable: [] })
    expect(verdict.doubleBooked).toEqual([])
    expect(verdict.startedTwice).toEqual([])
    // No fault here lasts as long as a lease, so only what may be replaced at once is ever repeated.
    expect(repeats.filter(({ policy }) => policy !== 'replace')).toEqual([])
  })
})
