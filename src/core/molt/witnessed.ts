/** All that one witness knows of one account: where it stands, what it has promised, and where its lines are written. */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { Hash } from '../../model/molt-agreement.ts'
import type { Order, Spend } from '../../model/molt-line.ts'
import { accountName, Certificate, Order as OrderSchema } from '../../model/molt-line.ts'
import type { Account, Ledger } from './ledger.ts'
import { accountIn, emptyLedger } from './ledger.ts'
import { spendHash } from './spend.ts'

export interface Witnessed {
  readonly account: Account
  /** The line whose hash is in `account.voted`. */
  readonly voted: Order | null
  /** Where its own lines stand in the log of this witness, in their order. They only grow. */
  readonly sent: number[]
  /** Where the lines stand that pay to it. */
  readonly received: number[]
  /** Of all lines that pay to it, whatever their order: 32 hex digits. */
  readonly digest: string
}

const noDigest = '0'.repeat(32)

export const unheard = (name: string): Witnessed => ({
  account: accountIn(emptyLedger, name),
  ...{ voted: null, sent: [], received: [], digest: noDigest },
})

/** The digest of what it was of, and of one line more. */
export function digestWith(digest: string, spend: Spend): string {
  const sum = BigInt(`0x${digest}`) ^ BigInt(`0x${spendHash(spend).slice(0, 32)}`)
  return sum.toString(16).padStart(32, '0')
}

/** The accounts that a line names, as far as they have been heard of. */
export function ledgerFor(accounts: ReadonlyMap<string, Witnessed>, spend: Spend): Ledger {
  const names = [spend.account, ...spend.outputs.map(({ to }) => to)]
  return new Map(
    names.flatMap((name) => {
      const known = accounts.get(name)
      return known === undefined ? [] : [[name, known.account] as const]
    }),
  )
}

const Row = z.strictObject({
  name: accountName,
  balance: z
    .string()
    .regex(/^-?\d{1,19}$/)
    .transform(BigInt),
  sequence: z.int().min(0),
  head: Hash,
  round: z.int().min(0),
  voted: OrderSchema.nullable(),
  lock: Certificate.nullable(),
  sent: z.array(z.int().min(0)),
  received: z.array(z.int().min(0)),
  digest: z.string().regex(/^[0-9a-f]{32}$/),
})

/** One row of a snapshot. `sent` and `received` may have grown since: the first so many of them count. */
export function encodeWitnessed(
  name: string,
  { account, voted, sent, received, digest }: Witnessed,
  lengths: { readonly sent: number; readonly received: number },
): string {
  const { balance, sequence, head, round, lock } = account
  const lists = { sent: sent.slice(0, lengths.sent), received: received.slice(0, lengths.received) }
  return canonicalJson({ name, balance, sequence, head, round, voted, lock, digest, ...lists })
}

/** Throws for what this program did not write. */
export function decodeWitnessed(row: string): readonly [string, Witnessed] {
  const { name, voted, sent, received, digest, ...rest } = Row.parse(JSON.parse(row))
  const account = { ...rest, voted: voted === null ? null : spendHash(voted.spend) }
  return [name, { account, voted, sent, received, digest }]
}
