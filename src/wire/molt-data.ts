/** What goes to leased work from its buyer, and comes back from it. See protocols/molt-lease.md. */
import { z } from 'zod'
import { Hash } from '../model/molt-agreement.ts'
import { mostFolders } from '../model/molt-data.ts'
import type { Codec } from '../ports/codec.ts'
import type { DuplexProtocol, Protocol, StreamProtocol } from '../ports/rpc.ts'
import { LeasePiece as Piece } from './gen/molt-data.ts'
import { jsonCodec as json } from './json-codec.ts'

export interface LeasePiece {
  readonly data: Uint8Array
  /** Of all of the archive, hex digits: in the last piece, and empty in all others. */
  readonly sha256: string
}

/** Bytes of a piece at most. */
export const pieceBytes = 131_072

const OutputsRequest = z.strictObject({
  agreement: Hash,
  /** Which of the folders that the work fills; the first is 0. */
  folder: z.int().min(0).max(mostFolders),
  /** Go on after so many bytes of the archive. */
  from: z.int().min(0),
})
export type OutputsRequest = z.infer<typeof OutputsRequest>

/**
 * What the work has left in one of its folders, as an archive in pieces, once it is over: always the same bytes. Throws LEASE_UNKNOWN, and
 * LEASE_DATA_GONE when it is not kept any more, or not there yet.
 */
export const readOutputs: StreamProtocol<OutputsRequest, LeasePiece> = {
  kind: 'stream',
  id: '/clawbernetes/molt-lease/outputs/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(OutputsRequest),
  item: Piece as Codec<LeasePiece>,
  maxBytes: 262_144,
  maxInbound: 2,
}

const Agreed = z.strictObject({ agreement: Hash })

/** The buyer has all that the work has left: it may go. Safe to repeat. Throws LEASE_UNKNOWN. */
export const haveOutputs: Protocol<z.infer<typeof Agreed>, Record<string, never>> = {
  kind: 'call',
  id: '/clawbernetes/molt-lease/have-outputs/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(Agreed),
  response: json(z.strictObject({})),
  maxBytes: 1_024,
  timeout: 15_000,
  maxInbound: 4,
}

/**
 * What has to be there before the work begins goes from the buyer to the provider. The provider tells what it lacks; the buyer sends each on
 * its own channel, which nothing at all ends; in the end the provider tells that it has everything. Safe to repeat: what was broken off begins
 * anew. Throws LEASE_UNKNOWN, MOLT_DATA_BAD, TOO_LARGE and LEASE_DATA_GONE.
 */
export const supplyLease: DuplexProtocol<z.infer<typeof Agreed>> = {
  kind: 'duplex',
  id: '/clawbernetes/molt-lease/supply/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(Agreed),
  maxBytes: 1_048_576,
  maxInbound: 2,
}

/** Told by the provider. */
export const FromSupplied = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('send'),
    /** First, where it is lacked. */
    image: z.boolean(),
    inputs: z.array(z.int().min(0).max(mostFolders)).max(mostFolders),
  }),
  z.strictObject({ type: z.literal('whole') }),
])
export type FromSupplied = z.infer<typeof FromSupplied>

/** Of the archive of the image. */
export const imageChannel = 100
/** Of the archive with that number. */
export const inputChannel = (index: number): number => index + 1
