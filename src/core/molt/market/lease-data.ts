/**
 * What of a guest is on the host of its provider: what was sent for it before its work began, and what the work leaves. All of it goes: at once
 * when the work is over, but for what it leaves for its buyer, which goes when that was fetched, or nobody has for long enough.
 */
import { z } from 'zod'
import type { DataTerms } from '../../../model/molt-data.ts'
import type { Instant } from '../../../model/time.ts'

export const DataRecord = z.strictObject({
  /** All that its buyer has to send first is there. */
  isSupplied: z.boolean(),
  /** Its buyer has what the work has left, or nobody is to have it any more. */
  isFetched: z.boolean(),
  /** Nothing is on the host any more: container, volumes, and the image where that came from the buyer. */
  isWiped: z.boolean(),
})
type DataRecord = z.infer<typeof DataRecord>

/** Of work that is paid for and about to begin. */
export const newData = ({ data }: { readonly data?: DataTerms | undefined }): DataRecord => ({
  isSupplied: data === undefined || (data.inputs === 0 && data.image === 0),
  ...{ isFetched: false, isWiped: false },
})

export type DataInput =
  /** What its buyer has sent is there as a whole, and is what the buyer has said. */
  | { readonly type: 'supplied' }
  /** The buyer has what the work has left. */
  | { readonly type: 'fetched' }
  /** Nothing is on the host any more. */
  | { readonly type: 'wiped' }

/** `outputs`: also what the work has left for its buyer. */
export interface WipeDuty {
  readonly type: 'wipe'
  readonly outputs: boolean
}

export function dataStep(data: DataRecord, { type }: DataInput): DataRecord {
  switch (type) {
    case 'supplied':
      return { ...data, isSupplied: true }
    case 'fetched':
      return { ...data, isFetched: true }
    case 'wiped':
      return { ...data, isWiped: true }
  }
}

/** A lease whose work is over. */
export interface Left {
  readonly data: DataRecord | null
  readonly terms: { readonly data?: DataTerms | undefined }
  /** Its work has begun. */
  readonly hasRun: boolean
  /** Null while its agreement is not closed. */
  readonly closedAt: Instant | null
}

/** Until then what the work has left is kept: null where it has left nothing, or that was fetched; without end while the agreement is not closed. */
export function keptUntil({ data, terms, hasRun, closedAt }: Left): Instant | null {
  if (data === null || data.isWiped || data.isFetched || !hasRun || (terms.data?.outputs ?? 0) === 0) return null
  return closedAt === null ? Infinity : closedAt + (terms.data?.keepMs ?? 0)
}

export function wipeDuties(left: Left, at: Instant): readonly WipeDuty[] {
  if (left.data === null || left.data.isWiped) return []
  const until = keptUntil(left)
  return [{ type: 'wipe', outputs: until === null || at >= until }]
}
