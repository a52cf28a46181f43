/** Amounts of MOLT: whole numbers of µMOLT, exact wherever they go. In JSON they are their digits, in words they are MOLT. */
import { z } from 'zod'

export type MicroMolt = bigint

export const oneMolt: MicroMolt = 1_000_000n
/** What fits into 64 bits with a sign. */
export const largestAmount: MicroMolt = 2n ** 63n - 1n

const decimals = 6

const isAmount = (amount: bigint): boolean => amount >= 0n && amount <= largestAmount

/** As digits of µMOLT, without leading zeros. What is none aborts: no check of what it is part of may meet a text for an amount. */
export const Amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,18})$/, { error: 'must be a whole number of µMOLT, as digits', abort: true })
  .transform(BigInt)
  .refine(isAmount, { error: `must be at most ${largestAmount} µMOLT`, abort: true })

/** `12`, `12.5`, `0.000001`, with or without `MOLT` behind it; null for anything else, also for more than six decimals. */
export function parseMolt(text: string): MicroMolt | null {
  const [, whole = '', fraction = ''] = /^(\d{1,13})(?:\.(\d{1,6}))?(?: ?MOLT)?$/i.exec(text) ?? []
  if (whole === '') return null
  const amount = BigInt(whole) * oneMolt + BigInt(fraction.padEnd(decimals, '0'))
  return isAmount(amount) ? amount : null
}

/** All of it, with two decimals at least: `12.50 MOLT`, `0.000001 MOLT`, `-3.00 MOLT`. */
export function moltInWords(amount: MicroMolt): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0{1,4}$/, '')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${fraction} MOLT`
}

/** Rounded up, for what is not negative. */
export const ceilDiv = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor

/** What so many GPU-milliseconds cost, at a rate in µMOLT for each GPU-second. Only totals are rounded, and always up. */
export const costOf = (rate: MicroMolt, gpuMillis: bigint): MicroMolt => ceilDiv(rate * gpuMillis, 1_000n)
