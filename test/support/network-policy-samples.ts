/** Random meshes with network policies, what they mean by a model that does nothing cleverly, and what a ruling lets through. */
import fc from 'fast-check'
import type { Endpoint } from '../../src/core/network-policy/work.ts'
import { covers, parseCidr } from '../../src/lib/cidr.ts'
import { nodeId, workloadId } from '../../src/model/ids.ts'
import type { NetworkPeer, NetworkPolicy, NetworkRule, WorkSelector } from '../../src/model/network-policy.ts'
import type { Allowance, Ruling, Way } from '../../src/ports/packet-filter.ts'

export const policy = (parts: Partial<NetworkPolicy>): NetworkPolicy => ({
  ...{ namespace: 'a', name: 'p', about: '', selects: {}, ingress: null, egress: null },
  ...{ createdAt: 0, createdBy: 'ada', updatedAt: 0, ...parts },
})

/** 10.200.NODE.HOST */
export const address = (node: number, host: number): number => (10 * 256 + 200) * 65_536 + node * 256 + host

export const subnet = (node: number): string => `10.200.${node}.0/24`

export const endpoint = (node: number, host: number, marks: Partial<Endpoint> = {}): Endpoint => ({
  ...{ namespace: 'a', deployment: null, labels: {}, ...marks },
  ...{ workload: workloadId(`w-${node}-${host}`), node: nodeId(`n${node}`), address: address(node, host) },
})

export interface Packet {
  readonly from: number
  readonly to: number
  readonly port: { readonly protocol: 'tcp' | 'udp'; readonly first: number }
}

/** Whether the first packet of a connection gets past one node; `ways` for which half of it is looked at. */
export function passes({ ranges, known, shut, groups }: Ruling, { from, to, port }: Packet): boolean {
  const isHere = (one: number): boolean =>
    ranges.some((range) => covers(parseCidr(range) ?? { base: 0, bits: 0 }, { base: one, bits: 32 }))
  const isUnknown = (one: number): boolean => isHere(one) && !known.includes(one)
  if ((shut.includes('egress') && isUnknown(from)) || (shut.includes('ingress') && isUnknown(to))) return false
  const lets = ({ peers, ports }: Allowance, far: number): boolean =>
    (ports === null ||
      ports.some((one) => one.protocol === port.protocol && one.first <= port.first && port.first <= one.last)) &&
    (peers === null ||
      (peers.work ?? []).includes(far) ||
      peers.ranges.some(({ cidr, except }) => isIn(cidr, far) && !except.some((one) => isIn(one, far))))
  const isLet = (way: Way, own_: number, far: number): boolean => {
    const group = groups.find((one) => one.way === way && one.members.includes(own_))
    return group === undefined || group.allows.some((one) => lets(one, far))
  }
  return isLet('egress', from, to) && isLet('ingress', to, from)
}

const isIn = (cidr: string, one: number): boolean => {
  const [base = '', bits = '0'] = cidr.split('/')
  const start = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return one >= start && one < start + 2 ** (32 - Number(bits))
}

/** What the guide says, written down once more and in the simplest way. */
export function isMeant(
  policies: readonly NetworkPolicy[],
  all: readonly Endpoint[],
  { from, to, port }: Packet,
): boolean {
  const workAt = (one: number): Endpoint | undefined => all.find((work) => work.address === one)
  const fits = (selector: WorkSelector, work: Endpoint): boolean => {
    if (selector.deployment !== undefined && selector.deployment !== work.deployment) return false
    for (const [key, value] of Object.entries(selector.labels ?? {})) if (work.labels[key] !== value) return false
    return true
  }
  const isOneOf = (peer: NetworkPeer, own: string, far: number): boolean => {
    if (peer.cidr !== undefined) {
      if (!isIn(peer.cidr, far)) return false
      for (const hole of peer.except ?? []) if (isIn(hole, far)) return false
      return true
    }
    const work = workAt(far)
    if (work === undefined) return false
    if (peer.namespace !== '*' && (peer.namespace ?? own) !== work.namespace) return false
    return fits(peer, work)
  }
  const opens = ({ peers, ports }: NetworkRule, own: string, far: number): boolean => {
    const hasPort =
      ports.length === 0 ||
      ports.some((text) => {
        const [range = '', protocol] = text.split('/')
        const [first, last = first] = range.split('-').map(Number)
        return protocol === port.protocol && port.first >= Number(first) && port.first <= Number(last)
      })
    return hasPort && (peers.length === 0 || peers.some((peer) => isOneOf(peer, own, far)))
  }
  const isOpen = (way: Way, one: number, far: number): boolean => {
    const work = workAt(one)
    if (work === undefined) return true
    const own = policies.filter((p) => p.namespace === work.namespace && p[way] !== null && fits(p.selects, work))
    return own.length === 0 || own.some((p) => (p[way] ?? []).some((rule) => opens(rule, p.namespace, far)))
  }
  return isOpen('egress', from, to) && isOpen('ingress', to, from)
}

const namespace = fc.constantFrom('a', 'b')
const deployment = fc.constantFrom('web', 'db')
const labels = fc.dictionary(fc.constantFrom('tier', 'zone'), fc.constantFrom('1', '2'), { maxKeys: 2 })
const cidr = fc.constantFrom('10.200.0.0/16', '10.200.1.0/24', '10.200.2.2/32', '10.100.0.0/16', '0.0.0.0/0')
const ports = fc.array(fc.constantFrom('80/tcp', '53/udp', '8000-8100/tcp'), { maxLength: 2 })

const selector: fc.Arbitrary<WorkSelector> = fc.record({ deployment, labels }, { requiredKeys: [] })
const peer: fc.Arbitrary<NetworkPeer> = fc.oneof(
  fc.record({ namespace: fc.oneof(namespace, fc.constant('*')), deployment, labels }, { requiredKeys: [] }),
  fc.record({ cidr, except: fc.array(cidr, { maxLength: 2 }) }, { requiredKeys: ['cidr'] }),
)
export const rule: fc.Arbitrary<NetworkRule> = fc.record({ peers: fc.array(peer, { maxLength: 3 }), ports })
const way = fc.option(fc.array(rule, { maxLength: 3 }))
const policies = fc
  .uniqueArray(
    fc.record({ namespace, name: fc.constantFrom('p', 'q', 'r'), selects: selector, ingress: way, egress: way }),
    {
      selector: (one) => `${one.namespace}/${one.name}`,
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((some) => some.map(policy))
const work = fc
  .uniqueArray(
    fc.record({
      node: fc.integer({ min: 1, max: 3 }),
      host: fc.integer({ min: 2, max: 5 }),
      marks: fc.record({ namespace, deployment: fc.option(deployment), labels }),
    }),
    { selector: ({ node, host }) => `${node}.${host}`, minLength: 1, maxLength: 8 },
  )
  .map((some) => some.map(({ node, host, marks }) => endpoint(node, host, marks)))

/** Nodes, and somebody outside. */
const far = fc.constantFrom((10 * 256 + 100) * 65_536 + 1, 0x08080808)
const port = fc.constantFrom(
  { protocol: 'tcp', first: 80 } as const,
  { protocol: 'udp', first: 53 } as const,
  { protocol: 'tcp', first: 8_080 } as const,
  { protocol: 'tcp', first: 22 } as const,
)

export const meshes = fc.record({ policies, work }).chain((mesh) => {
  const end = fc.oneof(fc.constantFrom(...mesh.work.map((one) => one.address)), far)
  return fc.record({
    policies: fc.constant(mesh.policies),
    work: fc.constant(mesh.work),
    packets: fc.array(fc.record({ from: end, to: end, port }), { minLength: 1, maxLength: 12 }),
  })
})
