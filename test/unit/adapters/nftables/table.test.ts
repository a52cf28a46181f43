import { expect, test } from 'vitest'
import { changeText, tableOf, wholeText } from '../../../../src/adapters/nftables/table.ts'
import type { Allowance, RuledGroup, Ruling } from '../../../../src/ports/packet-filter.ts'
import { address, subnet } from '../../../support/network-policy-samples.ts'

const allowance = (parts: Partial<Allowance>): Allowance => ({
  rule: 'a/p ingress 0',
  peers: null,
  ports: null,
  ...parts,
})
const group = (parts: Partial<RuledGroup>): RuledGroup => ({
  ...{ way: 'ingress', members: [address(1, 2)], allows: [], ...parts },
})
const ruling = (groups: readonly RuledGroup[], known = [2, 3], shut: Ruling['shut'] = []): Ruling => ({
  ...{ ranges: [subnet(1)], shut, known: known.map((host) => address(1, host)), groups },
})
const work = (...hosts: readonly number[]) => ({ work: hosts.map((host) => address(2, host)), ranges: [] })
const chain = (frame: string, name: string): readonly string[] =>
  frame
    .slice(frame.indexOf(`chain ${name} {`))
    .split('\n}')[0]
    ?.split('\n')
    .slice(1) ?? []

test('what a rule lets through is written for both directions of a connection, and the rest is dropped', () => {
  const web = allowance({
    peers: { work: [address(2, 2)], ranges: [{ cidr: '10.100.0.0/16', except: ['10.100.3.0/24'] }] },
    ports: [
      { protocol: 'tcp', first: 443, last: 443 },
      { protocol: 'udp', first: 8_000, last: 8_100 },
    ],
  })
  const { frame, elements } = tableOf(ruling([group({ allows: [web] })]))
  expect(chain(frame, 'ingress-0')).toEqual([
    'ip saddr @peers-0 tcp dport 443 return',
    'ip saddr @peers-0 udp dport 8000-8100 return',
    'ip saddr 10.100.0.0/16 ip saddr != 10.100.3.0/24 tcp dport 443 return',
    'ip saddr 10.100.0.0/16 ip saddr != 10.100.3.0/24 udp dport 8000-8100 return',
    'counter drop',
  ])
  expect(chain(frame, 'ingress-0-answers')[0]).toBe('ip daddr @peers-0 tcp sport 443 return')
  expect(elements.get('peers-0')).toEqual(['10.200.2.2'])
  expect(elements.get('ingress')).toEqual(['10.200.1.2 : jump ingress-0'])
  expect(elements.get('egress')).toEqual([])
})

test('work that a policy closes without a rule has a chain that drops all', () => {
  const { frame } = tableOf(ruling([group({ way: 'egress' })]))
  expect(chain(frame, 'egress-0')).toEqual(['counter drop'])
})

test('an address that comes or goes is a few elements; a rule that does is a whole table', () => {
  const before = tableOf(ruling([group({ allows: [allowance({ peers: work(2, 3) })] })]))
  const moved = tableOf(
    ruling([group({ members: [address(1, 4)], allows: [allowance({ peers: work(3, 4) })] })], [3, 4]),
  )
  expect(changeText('t', before, before)?.trim()).toBe('')
  expect(changeText('t', before, moved)?.trim().split('\n')).toEqual([
    'delete element ip t known { 10.200.1.2 }',
    'add element ip t known { 10.200.1.4 }',
    'delete element ip t peers-0 { 10.200.2.2 }',
    'add element ip t peers-0 { 10.200.2.4 }',
    'delete element ip t ingress { 10.200.1.2 }',
    'add element ip t ingress { 10.200.1.4 : jump ingress-0 }',
    'delete element ip t ingress-answers { 10.200.1.2 }',
    'add element ip t ingress-answers { 10.200.1.4 : jump ingress-0-answers }',
  ])
  const other = tableOf(ruling([group({ allows: [allowance({ peers: work(2, 3) }), allowance({ rule: 'b' })] })]))
  expect(changeText('t', before, other)).toBeNull()
  expect(wholeText('t', other).split('\n').slice(0, 3)).toEqual(['add table ip t', 'delete table ip t', 'table ip t {'])
})

test('two groups with one rule have one set for it', () => {
  const one = allowance({ peers: work(2) })
  const { elements } = tableOf(
    ruling([group({ allows: [one] }), group({ members: [address(1, 3)], allows: [one, allowance({ rule: 'b' })] })]),
  )
  expect([...elements.keys()].filter((name) => name.startsWith('peers'))).toEqual(['peers-0'])
})

test('to shut unknown addresses in or out is one element', () => {
  const [open, shut] = [tableOf(ruling([])), tableOf(ruling([], [2, 3], ['ingress']))]
  expect(chain(open.frame, 'judge').slice(0, 2)).toEqual([
    'ip saddr @shut-egress ip saddr != @known counter drop',
    'ip daddr @shut-ingress ip daddr != @known counter drop',
  ])
  expect(changeText('t', open, shut)?.trim()).toBe('add element ip t shut-ingress { 10.200.1.0/24 }')
  expect(changeText('t', shut, open)?.trim()).toBe('delete element ip t shut-ingress { 10.200.1.0/24 }')
})

test('an address of an earlier range that is left is one element of what belongs to this node', () => {
  const before = ruling([], [2, 3], ['ingress'])
  const [one, two] = [tableOf(before), tableOf({ ...before, ranges: [subnet(1), '10.77.1.5/32'] })]
  expect(changeText('t', one, two)?.trim().split('\n')).toEqual([
    'add element ip t own { 10.77.1.5/32 }',
    'add element ip t shut-ingress { 10.77.1.5/32 }',
  ])
})
