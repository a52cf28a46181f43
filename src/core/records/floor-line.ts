/** Floors as they are kept on disk, one a line. */
import { z } from 'zod'
import { Hash, party } from '../../model/molt-agreement.ts'
import type { Floor } from './floors.ts'

const digits = z
  .string()
  .regex(/^-?\d{1,90}$/)
  .transform(BigInt)

const Line = z.strictObject({
  key: z.string().min(1).max(600),
  issuer: party,
  rank: z.array(digits).max(4),
  sequence: digits,
  endOfLife: z.int().min(0),
  hash: Hash,
  /** Of a key that was revoked: which one, and what took its place. Kept for good. */
  revoked: z.strictObject({ key: party, successor: party.nullable() }).optional(),
  /** Who was caught, and is believed nothing any more. Kept for good. */
  caught: party.optional(),
})
export type FloorLine = z.infer<typeof Line>

/** What a floor means besides: what it has taught about keys. */
export type Lesson = Pick<FloorLine, 'revoked' | 'caught'>

export function writeFloor({ key, issuer, standing }: Floor, lesson: Lesson): Uint8Array {
  const { rank, sequence, endOfLife, hash } = standing
  const numbers = { rank: rank.map(String), sequence: String(sequence) }
  return new TextEncoder().encode(JSON.stringify({ key, issuer, ...numbers, endOfLife, hash, ...lesson }))
}

/** Throws on what is no floor: the file is this node's own. */
export function readFloor(bytes: Uint8Array): { readonly floor: Floor; readonly lesson: Lesson } {
  const line = Line.parse(JSON.parse(new TextDecoder().decode(bytes)))
  const { key, issuer, rank, sequence, endOfLife, hash, revoked, caught } = line
  return { floor: { key, issuer, standing: { rank, sequence, endOfLife, hash } }, lesson: { revoked, caught } }
}
