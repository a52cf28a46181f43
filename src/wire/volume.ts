/** What is in volumes, between members. See protocols/volume.md. */
import type { Codec } from '../ports/codec.ts'
import type { StreamProtocol } from '../ports/rpc.ts'
import { VolumePiece as Piece, VolumeReadRequest } from './gen/volume.ts'

export interface VolumePiece {
  readonly data: Uint8Array
}

/** Takes what is in a volume, as an archive in pieces, for a backup that this node is to make. Throws PERMISSION_DENIED for any other. */
export const readVolume: StreamProtocol<VolumeReadRequest, VolumePiece> = {
  kind: 'stream',
  id: '/clawbernetes/volume/read/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: VolumeReadRequest,
  item: Piece as Codec<VolumePiece>,
  maxBytes: 262_144,
  maxInbound: 4,
}

/** Bytes of a piece at most. */
export const pieceBytes = 131_072
