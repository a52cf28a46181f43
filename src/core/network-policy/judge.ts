/** Whether one may open a connection to another, and which policies say so: the model that rules on nodes are made after. */
import type { Cidr } from '../../lib/cidr.ts'
import { covers, parseCidr } from '../../lib/cidr.ts'
import type { NetworkPeer, NetworkPolicy, NetworkRule, PortRange } from '../../model/network-policy.ts'
import { parsePorts } from '../../model/network-policy.ts'
import type { WorkMarks } from './work.ts'
import { isPeer, selects } from './work.ts'

/** One end of a connection: an address, and the work that has it where it is work of the mesh. */
export interface End {
  readonly address: number | null
  readonly work: WorkMarks | null
}

/** One port of one protocol; null for what every port is meant by. */
export type Port = Pick<PortRange, 'protocol' | 'first'> | null

export interface Side {
  /** Whether any policy is for this end, on this way. */
  readonly isClosed: boolean
  /** Those that are for it. */
  readonly policies: readonly NetworkPolicy[]
  /** The first of them that lets it through; null where it is not closed, or none does. */
  readonly by: NetworkPolicy | null
}

export interface Judgement {
  readonly isAllowed: boolean
  readonly egress: Side
  readonly ingress: Side
}

/** Both ends have a say: what opens the connection by its egress, and what it leads to by its ingress. */
export function judge(policies: Iterable<NetworkPolicy>, from: End, to: End, port: Port): Judgement {
  const all = [...policies]
  const egress = sideOf(all, 'egress', { own: from, other: to, port })
  const ingress = sideOf(all, 'ingress', { own: to, other: from, port })
  const isOpen = ({ isClosed, by }: Side): boolean => !isClosed || by !== null
  return { isAllowed: isOpen(egress) && isOpen(ingress), egress, ingress }
}

interface Ends {
  readonly own: End
  readonly other: End
  readonly port: Port
}

function sideOf(all: readonly NetworkPolicy[], way: 'ingress' | 'egress', { own, other, port }: Ends): Side {
  const { work } = own
  const policies = work === null ? [] : all.filter((one) => one[way] !== null && selects(one, work))
  const by = policies.find(({ namespace, ...one }) =>
    (one[way] ?? []).some((rule) => lets(rule, namespace, other) && hasPort(rule, port)),
  )
  return { isClosed: policies.length > 0, policies, by: by ?? null }
}

const lets = ({ peers }: NetworkRule, namespace: string, other: End): boolean =>
  peers.length === 0 || peers.some((peer) => isMeant(peer, namespace, other))

function isMeant(peer: NetworkPeer, namespace: string, { address, work }: End): boolean {
  if (peer.cidr === undefined) return work !== null && isPeer(peer, namespace, work)
  if (address === null) return false
  const one: Cidr = { base: address, bits: 32 }
  const isIn = (range: string): boolean => covers(parseCidr(range) ?? nowhere, one)
  return isIn(peer.cidr) && !(peer.except ?? []).some(isIn)
}

/** Ranges were looked at when they came. */
const nowhere: Cidr = { base: -1, bits: 32 }

function hasPort({ ports }: NetworkRule, port: Port): boolean {
  if (ports.length === 0) return true
  return (
    port !== null &&
    ports.some((text) => {
      const range = parsePorts(text)
      return range !== null && range.protocol === port.protocol && range.first <= port.first && port.first <= range.last
    })
  )
}
