/** The kernel's filter of packets on this host: what it lets through between the mesh's work. */
import type { PortRange } from '../model/network-policy.ts'

/** Addresses are numbers, and lists of them in order: the same state gives the same ruling, whoever asks. */
export interface Ruling {
  /** Every address that work of this node can have, and those of work that has kept one of an earlier range. None overlap. */
  readonly ranges: readonly string[]
  /** Those whose work is known. */
  readonly known: readonly number[]
  /** On these ways nothing passes from, or to, any other address of the ranges: work is about to be there that a policy may be for. */
  readonly shut: readonly Way[]
  readonly groups: readonly RuledGroup[]
}

export type Way = 'ingress' | 'egress'

/** Work of this node that the same policies are for, on one way: of what it opens, or what is opened to it, only this is let through. */
export interface RuledGroup {
  readonly way: Way
  readonly members: readonly number[]
  readonly allows: readonly Allowance[]
}

/** One rule of a policy. */
export interface Allowance {
  /** Namespace and name of the policy, which way, and the how-manieth of its rules. */
  readonly rule: string
  /** Null for everybody. */
  readonly peers: AllowedPeers | null
  /** Null for every port and every protocol. */
  readonly ports: readonly PortRange[] | null
}

export interface AllowedPeers {
  /** Addresses of work; null where none is meant, whoever there is. */
  readonly work: readonly number[] | null
  readonly ranges: readonly AllowedRange[]
}

export interface AllowedRange {
  readonly cidr: string
  readonly except: readonly string[]
}

export interface PacketFilter {
  /** Why this daemon cannot rule on packets here, in words; null when nothing speaks against it. */
  obstacle(): Promise<string | null>
  /** Whether there is a ruling in place, of this daemon or of one before it. */
  isThere(signal: AbortSignal): Promise<boolean>
  /**
   * Has the kernel do as the ruling says, all at once, connections that are open among it; puts it back where somebody has changed it.
   * Returns what is not covered all the same, in words. Throws PACKET_FILTER_FAILED and DISK_FULL; then what was there before is there still.
   */
  apply(ruling: Ruling, signal: AbortSignal): Promise<readonly string[]>
  /** Nothing is kept from anybody any more. Throws PACKET_FILTER_FAILED. */
  remove(signal: AbortSignal): Promise<void>
}
