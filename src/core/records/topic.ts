/** Under what offers are found: what a buyer asks for, within the hour, as a hash that says nothing to others. */
import { sha256 } from '../../lib/sha256.ts'
import { hour, type Instant } from '../../model/time.ts'

export interface OfferIndex {
  /** Such as `h100`. */
  readonly family: string
  /** Memory of a GPU, rounded down to what is usual. */
  readonly memoryGib: number
  /** `any` for those who say none, and for everybody who looks everywhere. */
  readonly region: string
}

/** What all offers are found under, whatever they are of. */
export const anyGpu: OfferIndex = { family: 'any', memoryGib: 0, region: 'any' }

/** What all offers of a family are found under, wherever they are and however much memory they have. */
export const anyOf = (family: string): OfferIndex => ({ ...anyGpu, family: family.toLowerCase() })

/** Memory sizes that are told apart. */
const classes = [4, 8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 128, 141, 180, 192, 256, 288] as const

export const memoryClass = (mib: number): number =>
  // What a GPU reports is some percent less than what it is called.
  classes.findLast((gib) => gib * 0.93 <= mib / 1_024) ?? 0

/** 32 bytes. */
export function topicOf(network: string, { family, memoryGib, region }: OfferIndex, hourOf: Instant): Uint8Array {
  const text = ['claw/record-topic/1', network, family, memoryGib, region, Math.floor(hourOf / hour)].join('\n')
  return Buffer.from(sha256(text), 'hex')
}

/** Those of now, and of the hour before: nobody is to be missed while it says it again. */
export const topicsAt = (network: string, index: OfferIndex, now: Instant): readonly Uint8Array[] => [
  topicOf(network, index, now),
  topicOf(network, index, now - hour),
]
