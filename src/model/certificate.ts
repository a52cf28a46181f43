/** Certificates that the mesh has ordered for hosts of its ingresses: who shows them, who may order, and how far each has come. */
import type { NodeId } from './ids.ts'
import type { Instant } from './time.ts'

/** A node that takes requests over TLS. */
export interface TlsNode {
  readonly node: NodeId
  /** Its owner lets it order certificates. */
  readonly orders: boolean
}

export interface ShownCertificate {
  /** PEM, that of the host first. */
  readonly chain: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** Its key, sealed to each node that shows it; `noKey` for those that had it and show nothing any more, as they may still know it. */
  readonly keys: Readonly<Record<NodeId, string>>
  readonly orderedBy: NodeId
}

/** In place of a sealed key that nobody needs any more. */
export const noKey = '-'

/** What is sealed to the node; undefined where nothing is. */
export function sealedTo({ keys }: Pick<ShownCertificate, 'keys'>, node: NodeId): string | undefined {
  const sealed = keys[node]
  return sealed === noKey ? undefined : sealed
}

/** What the authority looks for at the host, to see that it is ours: no secret. */
export interface Challenge {
  readonly token: string
  readonly answer: string
}

/** One node at a time orders, for so long. */
export interface OrderTurn {
  readonly node: NodeId
  readonly until: Instant
  readonly challenges: readonly Challenge[]
}

export interface HostCertificate {
  readonly host: string
  /** Null until the first has come. */
  readonly shown: ShownCertificate | null
  readonly turn: OrderTurn | null
  /** Orders that have begun since something came: one under way counts. */
  readonly failures: number
  /** Why the last did. */
  readonly problem: string | null
  /** Nobody orders before. */
  readonly restUntil: Instant
}
