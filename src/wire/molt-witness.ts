/** What the witnesses of a MOLT network are asked, by whoever is on it and by each other. See protocols/molt-witness.md. */
import { z } from 'zod'
import { largestAmount, type MicroMolt } from '../model/amount.ts'
import { Agreement, Hash } from '../model/molt-agreement.ts'
import {
  accountName,
  Certificate,
  Opening,
  Order,
  Proposal,
  refusals,
  SignedStatement,
  Vote,
} from '../model/molt-line.ts'
import type { Protocol } from '../ports/rpc.ts'
import { jsonCodec as json } from './json-codec.ts'

/** Those of issuers are below nothing. */
const Balance: z.ZodType<MicroMolt> = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,18})$/, { error: 'must be a whole number of µMOLT, as digits', abort: true })
  .transform(BigInt)
  .refine((balance) => balance <= largestAmount && balance >= -largestAmount)

const count = z.int().min(0)

/** Lines in one answer, or settled by one request. */
export const mostLines = 16
/** Accounts in one answer. */
export const mostHeads = 512

const AccountRequest = z.strictObject({ account: accountName })

const AccountAnswer = z.strictObject({
  balance: Balance,
  /** Of its last line that is final; 0 while there is none. */
  sequence: count,
  head: Hash,
  last: Certificate.nullable(),
  /** In which round this witness is for the line that comes next. */
  round: count,
  /** That it has left all rounds before this one; null in the first. */
  statement: SignedStatement.nullable(),
  /** The line that comes next, as far as this witness has voted for one. */
  voted: Order.nullable(),
  /** How many lines have paid to it, and what the first halves of their hashes make when they are added bit by bit. */
  received: z.strictObject({ count, digest: z.string().regex(/^[0-9a-f]{32}$/) }),
})
export type AccountAnswer = z.infer<typeof AccountAnswer>

/** `sent`: the account's own lines, of which the first has the number 1. `received`: those that pay to it, in the order of this witness, from 1. */
const LinesRequest = z.strictObject({
  account: accountName,
  which: z.enum(['sent', 'received']),
  from: z.int().min(1),
})
export type LinesRequest = z.infer<typeof LinesRequest>

const LinesAnswer = z.strictObject({ lines: z.array(Certificate).max(mostLines), count })
export type LinesAnswer = z.infer<typeof LinesAnswer>

const Refused = z.strictObject({
  type: z.literal('refused'),
  refusal: z.enum(refusals),
  /** Of the last line of the account that is final here. */
  sequence: count,
  /** The line that is final with the number that was asked for. */
  final: Certificate.nullable(),
  /** The line that this witness is for instead. */
  voted: Order.nullable(),
})
export type Refused = z.infer<typeof Refused>

const VoteAnswer = z.discriminatedUnion('type', [z.strictObject({ type: z.literal('vote'), vote: Vote }), Refused])
export type VoteAnswer = z.infer<typeof VoteAnswer>

const SettleRequest = z.strictObject({ lines: z.array(Certificate).min(1).max(mostLines) })
const SettleAnswer = z.strictObject({
  /** So many from the beginning are final here now. */
  settled: count,
  /** Why the next one is not. */
  refusal: z.enum(refusals).nullable(),
  /** Of the account of the line that was refused, or else of the last one. */
  sequence: count,
})
export type SettleAnswer = z.infer<typeof SettleAnswer>

const OpenRequest = z.strictObject({ agreement: Agreement, opening: Opening })
export type OpenRequest = z.infer<typeof OpenRequest>

const OpenAnswer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('opened'), statement: SignedStatement, lock: Certificate.nullable() }),
  Refused,
])
export type OpenAnswer = z.infer<typeof OpenAnswer>

const HeadsRequest = z.strictObject({
  /** The order that `after` is a place in; a witness begins a new one when it starts. */
  epoch: z.string().max(64),
  after: count,
})

const HeadsAnswer = z.strictObject({
  epoch: z.string().min(1).max(64),
  heads: z.array(z.strictObject({ account: accountName, sequence: count })).max(mostHeads),
  after: count,
  isAll: z.boolean(),
})
export type HeadsAnswer = z.infer<typeof HeadsAnswer>

const base = { kind: 'call', audience: 'members', timeout: 4_000 } as const

/** What a witness knows of an account. */
export const readAccount: Protocol<z.infer<typeof AccountRequest>, AccountAnswer> = {
  ...base,
  id: '/clawbernetes/molt-account/read/1.0.0',
  lane: 'control',
  request: json(AccountRequest),
  response: json(AccountAnswer),
  maxBytes: 131_072,
  maxInbound: 32,
}

/** Final lines of an account, oldest first. */
export const readLines: Protocol<LinesRequest, LinesAnswer> = {
  ...base,
  id: '/clawbernetes/molt-account/lines/1.0.0',
  lane: 'bulk',
  request: json(LinesRequest),
  response: json(LinesAnswer),
  maxBytes: 1_048_576,
  maxInbound: 8,
}

/** Asks for a vote for the next line of an account. Safe to repeat. */
export const voteForPay: Protocol<{ readonly order: Order }, VoteAnswer> = {
  ...base,
  id: '/clawbernetes/molt-line/vote/1.0.0',
  lane: 'control',
  request: json(z.strictObject({ order: Order })),
  response: json(VoteAnswer),
  maxBytes: 131_072,
  maxInbound: 64,
}

/** Shows lines that are final, those of one account in their order. Safe to repeat. */
export const settleLines: Protocol<z.infer<typeof SettleRequest>, SettleAnswer> = {
  ...base,
  id: '/clawbernetes/molt-line/settle/1.0.0',
  lane: 'bulk',
  request: json(SettleRequest),
  response: json(SettleAnswer),
  maxBytes: 1_048_576,
  maxInbound: 64,
}

/** Has a witness leave all rounds of an agreement before this one. Safe to repeat. */
export const openRound: Protocol<OpenRequest, OpenAnswer> = {
  ...base,
  id: '/clawbernetes/molt-round/open/1.0.0',
  lane: 'control',
  request: json(OpenRequest),
  response: json(OpenAnswer),
  maxBytes: 262_144,
  maxInbound: 8,
}

/** Asks for the first vote for a closing. Safe to repeat. */
export const prepareClosing: Protocol<Proposal, VoteAnswer> = {
  ...base,
  id: '/clawbernetes/molt-round/prepare/1.0.0',
  lane: 'control',
  request: json(Proposal),
  response: json(VoteAnswer),
  maxBytes: 262_144,
  maxInbound: 8,
}

/** Asks for the second vote, for a closing that a quorum has prepared. Safe to repeat. */
export const commitClosing: Protocol<{ readonly prepared: Certificate }, VoteAnswer> = {
  ...base,
  id: '/clawbernetes/molt-round/commit/1.0.0',
  lane: 'control',
  request: json(z.strictObject({ prepared: Certificate })),
  response: json(VoteAnswer),
  maxBytes: 131_072,
  maxInbound: 8,
}

/** Which accounts have had a line since; each once, in the order of their last ones. */
export const readHeads: Protocol<z.infer<typeof HeadsRequest>, HeadsAnswer> = {
  ...base,
  id: '/clawbernetes/molt-witness/heads/1.0.0',
  lane: 'bulk',
  request: json(HeadsRequest),
  response: json(HeadsAnswer),
  maxBytes: 131_072,
  maxInbound: 4,
}
