/** A short storm over real daemons on hosts of their own; scripts/chaos runs the long one. */
import { describe, expect, test } from 'vitest'
import { storm } from '../support/chaos/storm.ts'
import { hasHosts } from '../support/lab-hosts.ts'

describe.skipIf(!hasHosts)('on hosts of the lab (scripts/lab/README.md), as root', () => {
  test('given work in a storm, when it is over, then all of it has ended, once, and everybody was told the truth', async () => {
    const plan = { hosts: 3, submissions: 60, trouble: 50_000, fault: 3_000, stop: 4_000, say: () => {} }
    const { acknowledged, lost, states, notLinearizable, verdict, policyOf, ...counts } = await storm(plan)
    console.log(JSON.stringify({ acknowledged, states, ...counts }))
    expect(acknowledged).toBe(60)
    expect({ lost, notLinearizable }).toEqual({ lost: [], notLinearizable: [] })
    expect(verdict.doubleBooked).toEqual([])
    expect(verdict.startedTwice).toEqual([])
    // No fault here lasts as long as a lease, so only what may be replaced at once is ever repeated.
    const repeated = [...verdict.atOnce, ...verdict.doneTwice]
    expect(repeated.filter((id) => policyOf.get(id) !== 'replace')).toEqual([])
  })
})
