/**
 * The books of one account: all lines that concern it, each with what makes it count, and its own line that is on its way. What it has
 * follows from them and from nothing else.
 */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { MicroMolt } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import { Agreement, Hash, party } from '../../model/molt-agreement.ts'
import type { Spend } from '../../model/molt-line.ts'
import { Certificate, Closing, Order } from '../../model/molt-line.ts'
import { agreementId, holdAccount } from './agreement.ts'
import type { Network } from './network.ts'
import { originOf, spendHash, totalOf } from './spend.ts'
import { digestWith, unheard } from './witnessed.ts'

const at = z.int().min(0)

/** One entry. The books only grow. */
export const BooksEntry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('begun'), network: z.string().min(1).max(64), account: party, at }),
  /** An own line, before anybody was shown it. `purpose` is the caller's: what is asked for again with the same is paid once. */
  z.strictObject({ type: z.literal('proposed'), order: Order, purpose: z.string().min(1).max(128), at }),
  /** A line that is final, of this account, to it, or of what is set aside for an agreement of its own. */
  z.strictObject({ type: z.literal('final'), line: Certificate, at }),
  /** The own line that was proposed can never be final. */
  z.strictObject({ type: z.literal('given-up'), sequence: z.int().min(1), at }),
  z.strictObject({ type: z.literal('agreement'), agreement: Agreement, at }),
  /** How an agreement is to be closed, until it is; null when that was given up. */
  z.strictObject({ type: z.literal('closing'), agreement: Hash, closing: Closing.nullable(), at }),
])
export type BooksEntry = z.infer<typeof BooksEntry>

export interface Proposed {
  readonly order: Order
  readonly purpose: string
}

export interface BookedLine {
  readonly line: Certificate
  readonly at: number
  readonly purpose: string | null
}

export interface Books {
  readonly network: string
  readonly account: NodeId
  readonly balance: MicroMolt
  /** Of its last own line that is final. */
  readonly sequence: number
  readonly head: Hash
  readonly proposed: Proposed | null
  /** In the order in which they were heard of. */
  readonly lines: BookedLine[]
  /** By `keyOf`. */
  readonly byKey: Map<string, BookedLine>
  readonly byPurpose: Map<string, BookedLine>
  /** Its own, in their order. */
  readonly sent: Certificate[]
  readonly received: Certificate[]
  /** Of all that was received: as witnesses have it. */
  readonly digest: string
  readonly agreements: Map<Hash, Agreement>
  readonly closings: Map<Hash, Closing>
}

export const keyOf = ({ account, sequence }: Pick<Spend, 'account' | 'sequence'>): string => `${account}/${sequence}`

export const emptyBooks = (network: string, account: NodeId): Books => ({
  ...{ network, account, balance: 0n, sequence: 0, head: originOf(account), proposed: null },
  ...{ lines: [], byKey: new Map(), byPurpose: new Map(), sent: [], received: [], digest: unheard(account).digest },
  ...{ agreements: new Map(), closings: new Map() },
})

/** Whether a line belongs into these books. */
export const concerns = ({ account, agreements }: Books, { account: from, outputs }: Spend): boolean =>
  from === account ||
  outputs.some(({ to }) => to === account) ||
  agreements.values().some((agreement) => {
    const held = holdAccount(agreement)
    return from === held || outputs.some(({ to }) => to === held)
  })

/** What may still be spent, beside what is on its way. */
export const spendableIn = ({ balance, account, proposed }: Books, { limits }: Pick<Network, 'limits'>): MicroMolt =>
  balance + (limits.get(account) ?? 0n) - (proposed === null ? 0n : totalOf(proposed.order.spend))

/** The books with one entry more: their lists grow in place, so what was before is used no more. Throws RangeError for what cannot be next. */
export function enter(books: Books, entry: BooksEntry): Books {
  switch (entry.type) {
    case 'begun':
      if (entry.network !== books.network || entry.account !== books.account)
        throw new RangeError('they are of another account, or of another network')
      return books
    case 'proposed':
      if (books.proposed !== null || entry.order.spend.sequence !== books.sequence + 1)
        throw new RangeError(`line ${entry.order.spend.sequence} was not the next one`)
      return { ...books, proposed: { order: entry.order, purpose: entry.purpose } }
    case 'given-up':
      return { ...books, proposed: null }
    case 'agreement':
      books.agreements.set(agreementId(entry.agreement), entry.agreement)
      return books
    case 'closing':
      if (entry.closing === null) books.closings.delete(entry.agreement)
      else books.closings.set(entry.agreement, entry.closing)
      return books
    case 'final':
      return withLine(books, entry.line, entry.at)
  }
}

function withLine(books: Books, line: Certificate, when: number): Books {
  const { account, proposed } = books
  const { spend } = line.order
  if (books.byKey.has(keyOf(spend))) return books
  const isOwn = spend.account === account
  if (isOwn && (spend.sequence !== books.sequence + 1 || spend.previous !== books.head))
    throw new RangeError(`line ${spend.sequence} does not follow the last one`)
  const hash = spendHash(spend)
  const isProposed = isOwn && proposed !== null && spendHash(proposed.order.spend) === hash
  const booked = { line, at: when, purpose: isProposed ? proposed.purpose : null }
  books.lines.push(booked)
  books.byKey.set(keyOf(spend), booked)
  if (booked.purpose !== null) books.byPurpose.set(booked.purpose, booked)
  const paid = spend.outputs.filter(({ to }) => to === account)
  if (paid.length > 0) books.received.push(line)
  if (isOwn) books.sent.push(line)
  const gained = paid.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    ...books,
    balance: books.balance + gained - (isOwn ? totalOf(spend) : 0n),
    digest: paid.length > 0 ? digestWith(books.digest, spend) : books.digest,
    ...(isOwn ? { sequence: spend.sequence, head: hash, proposed: null } : {}),
  }
}

export const encodeBooksEntry = (entry: BooksEntry): Uint8Array => Buffer.from(canonicalJson(entry))

/** Null for what this program did not write. */
export function decodeBooksEntry(bytes: Uint8Array): BooksEntry | null {
  try {
    const read = BooksEntry.safeParse(JSON.parse(Buffer.from(bytes).toString()))
    return read.success ? read.data : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
