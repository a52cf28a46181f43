import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judge } from '../../../../src/core/network-policy/judge.ts'
import { rulingOf } from '../../../../src/core/network-policy/ruling.ts'
import type { Endpoint, WorkMarks } from '../../../../src/core/network-policy/work.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { NetworkPolicy } from '../../../../src/model/network-policy.ts'
import type { Ruling } from '../../../../src/ports/packet-filter.ts'
import {
  address,
  endpoint,
  isMeant,
  meshes,
  type Packet,
  passes,
  policy,
  rule,
  subnet,
} from '../../../support/network-policy-samples.ts'

function rulingAt(node: number, policies: readonly NetworkPolicy[], work: readonly Endpoint[]): Ruling {
  const isHere = (one: Endpoint): boolean => one.node === nodeId(`n${node}`)
  const source = {
    residents: work.filter(isHere),
    others: work.filter((one) => !isHere(one)),
    subnet: subnet(node),
    running: [],
    expected: [],
  }
  const ruling = rulingOf({ policies, ...source })
  if (ruling === null) throw new Error('there are policies')
  return ruling
}

const gets = (policies: readonly NetworkPolicy[], work: readonly Endpoint[], packet: Packet): boolean =>
  [1, 2, 3].every((node) => passes(rulingAt(node, policies, work), packet))

const isJudgedOpen = (policies: readonly NetworkPolicy[], work: readonly Endpoint[], { from, to, port }: Packet) => {
  const at = (one: number) => ({ address: one, work: work.find((some) => some.address === one) ?? null })
  return judge(policies, at(from), at(to), port).isAllowed
}

test('in 1,000 random meshes, what passes all nodes is what the policies mean, and what a check would answer', () => {
  let [open, closed] = [0, 0]
  fc.assert(
    fc.property(meshes, ({ policies, work, packets }) => {
      for (const packet of packets) {
        const wanted = isMeant(policies, work, packet)
        if (wanted) open += 1
        else closed += 1
        expect(gets(policies, work, packet)).toBe(wanted)
        expect(isJudgedOpen(policies, work, packet)).toBe(wanted)
      }
    }),
    { numRuns: 1_000 },
  )
  expect(Math.min(open, closed)).toBeGreaterThan(100)
})

test('one rule more in any policy takes nothing away that was let through', () => {
  fc.assert(
    fc.property(meshes, rule, fc.nat(), ({ policies, work, packets }, more, which) => {
      const wider = policies.map((one, i) => ({
        ...one,
        ...(i === which % policies.length && {
          ingress: one.ingress === null ? null : [...one.ingress, more],
          egress: one.egress === null ? null : [...one.egress, more],
        }),
      }))
      for (const packet of packets) if (gets(policies, work, packet)) expect(gets(wider, work, packet)).toBe(true)
    }),
  )
})

test('the node of the end that opens looks at what goes out, and the node of the other at what comes in', () => {
  const [web, db] = [endpoint(1, 2, { deployment: 'web' }), endpoint(2, 2, { deployment: 'db' })]
  const packet: Packet = { from: web.address, to: db.address, port: { protocol: 'tcp', first: 80 } }
  const out = [policy({ selects: { deployment: 'web' }, egress: [] })]
  expect(passes(rulingAt(1, out, [web, db]), packet)).toBe(false)
  expect(passes(rulingAt(2, out, [web, db]), packet)).toBe(true)
  const into = [policy({ selects: { deployment: 'db' }, ingress: [] })]
  expect(passes(rulingAt(1, into, [web, db]), packet)).toBe(true)
  expect(passes(rulingAt(2, into, [web, db]), packet)).toBe(false)
})

test('the same mesh gives the same ruling, in whichever order it is told', () => {
  fc.assert(
    fc.property(meshes, fc.gen(), ({ policies, work }, gen) => {
      const mixed = <T>(some: readonly T[]): T[] => gen(fc.shuffledSubarray, [...some], { minLength: some.length })
      expect(rulingAt(1, mixed(policies), mixed(work))).toEqual(rulingAt(1, policies, work))
    }),
  )
})

test('without a policy there is no ruling', () => {
  const one = endpoint(1, 2)
  expect(
    rulingOf({ policies: [], residents: [one], others: [], expected: [], subnet: subnet(1), running: [] }),
  ).toBeNull()
})

test('while work is expected that a policy is for, an address that nobody is known to have is closed on its ways', () => {
  const [one, unknown] = [endpoint(1, 2), address(1, 9)]
  const into = [policy({ namespace: 'b', ingress: [] })]
  const port = { protocol: 'tcp', first: 80 } as const
  const open = (policies: readonly NetworkPolicy[], expected: readonly WorkMarks[] | null): readonly boolean[] => {
    const ruling = rulingOf({ policies, residents: [one], others: [], expected, subnet: subnet(1), running: [] })
    const [from, to] = [
      { from: unknown, to: one.address, port },
      { from: one.address, to: unknown, port },
    ]
    return ruling === null ? [] : [passes(ruling, from), passes(ruling, to)]
  }
  const meant = { namespace: 'b', deployment: null, labels: {} }
  expect(open(into, [])).toEqual([true, true])
  expect(open(into, [{ ...meant, namespace: 'c' }])).toEqual([true, true])
  expect(open(into, [meant])).toEqual([true, false])
  expect(open([policy({ namespace: 'b', egress: [] })], [meant])).toEqual([false, true])
  expect(open(into, null)).toEqual([false, false])
})

test('an address that two say they have is let nothing through', () => {
  const ruling = rulingAt(1, [policy({ ingress: [] })], [endpoint(1, 2, { namespace: 'b' }), endpoint(1, 2)])
  expect(ruling).toMatchObject({ known: [], shut: ['egress', 'ingress'] })
  expect(ruling.groups).toEqual([])
})
