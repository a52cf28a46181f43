/** What one node has to let through and what not: of the policies, and of the addresses that work has here and elsewhere. */
import { covers, formatCidr, parseCidr } from '../../lib/cidr.ts'
import type { NetworkPeer, NetworkPolicy } from '../../model/network-policy.ts'
import { networkPolicyKey, parsePorts } from '../../model/network-policy.ts'
import type { AllowedPeers, Allowance, RuledGroup, Ruling, Way } from '../../ports/packet-filter.ts'
import type { Endpoint, WorkMarks } from './work.ts'
import { isPeer, selects } from './work.ts'

export interface RulingSource {
  readonly policies: readonly NetworkPolicy[]
  /** Everywhere but on this node. */
  readonly others: readonly Endpoint[]
  /** On this node. */
  readonly residents: readonly Endpoint[]
  /** Work that belongs on this node and whose address is not known; null where it cannot be said which that is. */
  readonly expected: readonly WorkMarks[] | null
  /** The node's part of the range of containers. */
  readonly subnet: string
  /** Addresses of all that runs on this node, work that the mesh does not know among it. */
  readonly running: readonly number[]
}

/** Null while no policy is there: nothing is kept from anybody then. */
export function rulingOf({
  policies,
  others,
  residents: said,
  expected,
  subnet,
  running,
}: RulingSource): Ruling | null {
  if (policies.length === 0) return null
  const residents = withoutDoubles(said)
  const sorted = policies.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const policiesOf = byNamespace(sorted)
  const work = byNamespace([...others, ...residents])
  const resolved = new Map<string, readonly number[]>()
  const groupsOf = (way: Way): readonly RuledGroup[] => {
    const classes = new Map<string, { readonly own: readonly NetworkPolicy[]; readonly members: number[] }>()
    for (const resident of residents) {
      const ofPlace = policiesOf.get(resident.namespace) ?? []
      const own = ofPlace.filter((policy) => policy[way] !== null && selects(policy, resident))
      if (own.length === 0) continue
      const key = own.map(keyOf).join(' ')
      const known = classes.get(key) ?? { own, members: [] }
      classes.set(key, known)
      known.members.push(resident.address)
    }
    return Array.from(classes)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { own, members }]) => ({
        way,
        members: inOrder(members),
        allows: own.flatMap((policy) => allowancesOf(policy, way, { work, resolved })),
      }))
  }
  const isShut = (way: Way): boolean =>
    expected === null ||
    residents.length < said.length ||
    expected.some((one) =>
      (policiesOf.get(one.namespace) ?? []).some((policy) => policy[way] !== null && selects(policy, one)),
    )
  return {
    ranges: rangesOf(subnet, running),
    shut: ways.filter(isShut),
    known: inOrder(residents.map(({ address }) => address)),
    groups: [...groupsOf('egress'), ...groupsOf('ingress')],
  }
}

const ways: readonly Way[] = ['egress', 'ingress']

interface Known {
  readonly work: ReadonlyMap<string, readonly Endpoint[]>
  /** Of rules that were looked at before: two groups may have one. */
  readonly resolved: Map<string, readonly number[]>
}

function allowancesOf(policy: NetworkPolicy, way: Way, known: Known): readonly Allowance[] {
  return (policy[way] ?? []).map(({ peers, ports }, i) => {
    const rule = `${keyOf(policy)} ${way} ${i}`
    return {
      rule,
      peers: peers.length === 0 ? null : peersOf(peers, { rule, own: policy.namespace }, known),
      ports: ports.length === 0 ? null : ports.flatMap((text) => parsePorts(text) ?? []),
    }
  })
}

function peersOf(
  peers: readonly NetworkPeer[],
  { rule, own }: { readonly rule: string; readonly own: string },
  { work: all, resolved }: Known,
): AllowedPeers {
  const ranges = peers.flatMap(({ cidr, except = [] }) => (cidr === undefined ? [] : [{ cidr, except }]))
  const meant = peers.filter(({ cidr }) => cidr === undefined)
  if (meant.length === 0) return { work: null, ranges }
  const work =
    resolved.get(rule) ??
    inOrder(
      meant.flatMap((peer) => among(all, peer, own).flatMap((one) => (isPeer(peer, own, one) ? one.address : []))),
    )
  resolved.set(rule, work)
  return { work, ranges }
}

const keyOf = ({ namespace, name }: NetworkPolicy): string => networkPolicyKey(namespace, name)

/** Each once. */
const inOrder = (addresses: readonly number[]): readonly number[] => [...new Set(addresses)].toSorted((a, b) => a - b)

/** Few of all are in one namespace. */
const among = (
  work: ReadonlyMap<string, readonly Endpoint[]>,
  { namespace }: NetworkPeer,
  own: string,
): readonly Endpoint[] => (namespace === '*' ? [...work.values()].flat() : (work.get(namespace ?? own) ?? []))

const byNamespace = <T extends { readonly namespace: string }>(all: readonly T[]): ReadonlyMap<string, readonly T[]> =>
  Map.groupBy(all, ({ namespace }) => namespace)

/** Work that was started before the mesh had another range is on this node with an address of that one until it ends; nothing new is. */
function rangesOf(subnet: string, running: readonly number[]): readonly string[] {
  const part = parseCidr(subnet)
  const outside = inOrder(running).filter((base) => part === null || !covers(part, { base, bits: 32 }))
  return [subnet, ...outside.map((base) => formatCidr({ base, bits: 32 }))]
}

/** Whose address two say they have is not known. */
function withoutDoubles(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const counts = new Map<number, number>()
  for (const { address } of endpoints) counts.set(address, (counts.get(address) ?? 0) + 1)
  return endpoints.filter(({ address }) => counts.get(address) === 1)
}
