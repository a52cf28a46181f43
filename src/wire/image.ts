/** Images between members. See protocols/image.md. */
import type { Codec } from '../ports/codec.ts'
import type { Protocol, StreamProtocol } from '../ports/rpc.ts'
import { ImageAnswer, ImagePiece as Piece, ImageQuery, ImageRequest } from './gen/image.ts'

export type { ImageAnswer, ImageQuery } from './gen/image.ts'

export interface ImagePiece {
  readonly data: Uint8Array
}

/** Asks whether the member has an image. */
export const findImage: Protocol<ImageQuery, ImageAnswer> = {
  kind: 'call',
  id: '/clawbernetes/image/find/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: ImageQuery,
  response: ImageAnswer,
  maxBytes: 16_384,
  timeout: 3_000,
  maxInbound: 32,
}

/** Takes an image from a member, as an archive in pieces. Throws IMAGE_NOT_FOUND, and RATE_LIMITED when it gives to others already. */
export const fetchImage: StreamProtocol<ImageRequest, ImagePiece> = {
  kind: 'stream',
  id: '/clawbernetes/image/fetch/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: ImageRequest,
  item: Piece as Codec<ImagePiece>,
  maxBytes: 524_288,
  maxInbound: 8,
}

/** Bytes of a piece at most: several fit into what a reader takes before it has read any. */
export const pieceBytes = 131_072
