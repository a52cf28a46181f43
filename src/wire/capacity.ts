/** How nodes tell each other what they have and how it fares. See protocols/capacity.md. */
import type { ReportVersion } from '../model/report.ts'
import type { Codec } from '../ports/codec.ts'
import type { Topic } from '../ports/gossip.ts'
import type { Protocol } from '../ports/rpc.ts'
import type { CapacityVersion } from './gen/capacity.ts'
import { CapacitySyncReply, CapacitySyncRequest, SignedCapacity } from './gen/capacity.ts'

/** Domain tag of a report's signature. Its scope is the mesh id. */
export const capacityTag = 'claw/capacity/v1'

/** Largest report of a node with this many devices, in bytes. A signature adds 68. */
export const reportLimit = (devices: number): number => 960 + 112 * Math.max(0, devices - 8)

/** A whole GPU may be cut into seven instances; sixteen such GPUs fit in a host. */
export const maxDevices = 112

/** A report with its signature, as received. Never re-encoded: what was signed is what is passed on. */
export interface SignedReport {
  readonly report: Uint8Array
  readonly signature: Uint8Array
}

/** Which report of a node one has. Nodes are named by the tails of their ids. */
export interface HeldVersion extends ReportVersion {
  readonly tail: string
}

export interface SyncRequest {
  readonly have: readonly HeldVersion[]
  readonly reports: readonly SignedReport[]
  readonly onlyGives: boolean
}

export interface SyncReply {
  readonly reports: readonly SignedReport[]
  readonly wanted: readonly string[]
  readonly more: boolean
}

/** Enough of an id to tell the nodes of one mesh apart: these characters come from the middle of a public key. */
export const tailOf = (id: string): string => id.slice(-12)

const signedReport: Codec<SignedReport> = {
  encode: (message) => SignedCapacity.encode(message as SignedCapacity),
  decode: (bytes) => checkedSigned(SignedCapacity.decode(bytes)),
}

/** Every node's own report, in small meshes. */
export const capacityTopic: Topic<SignedReport> = {
  name: 'capacity',
  message: signedReport,
  maxBytes: reportLimit(maxDevices) + 80,
}

/** How many bytes of reports travel in one message of a synchronisation. */
export const syncBatchBytes = 65_536

/** Two peers bring each other up to date: versions one way, newer reports the other, and what is wanted back. */
export const syncCapacity: Protocol<SyncRequest, SyncReply> = {
  kind: 'call',
  id: '/clawbernetes/capacity/sync/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: {
    encode: (message) => CapacitySyncRequest.encode(message as CapacitySyncRequest),
    decode(bytes) {
      const { have, reports, onlyGives } = CapacitySyncRequest.decode(bytes)
      return { have: have.map(checkedVersion), reports: reports.map(checkedSigned), onlyGives }
    },
  },
  response: {
    encode: (message) => CapacitySyncReply.encode(message as CapacitySyncReply),
    decode(bytes) {
      const { reports, wanted, more } = CapacitySyncReply.decode(bytes)
      return { reports: reports.map(checkedSigned), wanted: wanted.map(checkedTail), more }
    },
  },
  maxBytes: 524_288,
  maxInbound: 2,
  timeout: 5_000,
}

function checkedSigned({ report, signature }: SignedCapacity): SignedReport {
  if (report.length === 0 || report.length > reportLimit(maxDevices)) throw new Error('report has a wrong size')
  if (signature.length !== 64) throw new Error('signature has a wrong size')
  return { report, signature }
}

function checkedVersion({ tail, incarnation, sequence }: CapacityVersion): HeldVersion {
  return { tail: checkedTail(tail), incarnation, sequence }
}

function checkedTail(tail: string): string {
  if (tail.length === 0 || tail.length > 12) throw new Error('tail has a wrong size')
  return tail
}
