/** The lines of MOLT accounts and what makes them count, as they go over the wire and to disk. What they mean is decided in core/molt. */
import { z } from 'zod'
import { Amount, type MicroMolt } from './amount.ts'
import type { NodeId } from './ids.ts'
import { Agreement, Hash, party, Signature } from './molt-agreement.ts'

/** A promise of the buyer: so much of the agreement is due, all of it together. */
export interface Voucher {
  readonly agreement: Hash
  /** In µMOLT, from the start. */
  readonly due: MicroMolt
  /** Of the meter note that it answers. */
  readonly note: Hash
}

export interface SignedVoucher {
  readonly voucher: Voucher
  readonly signature: Signature
}

/**
 * `agreed`: both have signed the sum. `claimed`: the provider shows the buyer's last voucher. `taken-back`: the provider has shown none until
 * `endsAt` and the claim time of the network, so the buyer takes back what it says that it has not promised, and that may be all of it: that
 * there is no voucher is nothing that can be shown. `judged`: all arbiters have signed the sum.
 */
export type Closing =
  | { readonly how: 'agreed'; readonly paid: MicroMolt; readonly byBuyer: Signature; readonly byProvider: Signature }
  | { readonly how: 'claimed'; readonly voucher: SignedVoucher; readonly byProvider: Signature }
  | { readonly how: 'taken-back'; readonly voucher: SignedVoucher | null; readonly byBuyer: Signature }
  | { readonly how: 'judged'; readonly paid: MicroMolt; readonly byArbiters: readonly Signature[] }

export interface Output {
  readonly to: string
  readonly amount: MicroMolt
}

export const mostOutputs = 16

export interface Spend {
  /** A peer id, or the account of what is set aside for an agreement. */
  readonly account: string
  /** From 1, without gap. */
  readonly sequence: number
  readonly previous: Hash
  readonly outputs: readonly Output[]
}

/** A line with what shows that it may be: its owner's signature, or why an agreement is closed so. */
export interface Order {
  readonly spend: Spend
  readonly right:
    | { readonly type: 'owner'; readonly signature: Signature }
    | { readonly type: 'closing'; readonly agreement: Agreement; readonly closing: Closing }
}

export interface Vote {
  readonly witness: NodeId
  readonly signature: Signature
}

/** Owners propose alone, so their lines need one vote. Agreements may be closed by either party at once: see core/molt/rounds.ts. */
export type Phase = 'pay' | 'prepare' | 'commit'

/** A line that a quorum has signed, in the same phase of the same round. */
export interface Certificate {
  readonly order: Order
  readonly phase: Phase
  readonly round: number
  readonly votes: readonly Vote[]
}

/** What a witness says when a round is opened: it takes part in none before it any more. */
export interface Statement {
  readonly account: string
  readonly sequence: number
  readonly round: number
  /** Of the latest line that it has seen prepared. */
  readonly lock: { readonly round: number; readonly hash: Hash } | null
}

export interface SignedStatement {
  readonly witness: NodeId
  readonly statement: Statement
  readonly signature: Signature
}

/** Which round is to be opened. */
export interface Opening extends Omit<Statement, 'lock'> {
  /** What others have said: more of them than may lie are believed that the round before it was opened. */
  readonly shown: readonly SignedStatement[]
}

/** What a round is opened with; null in the first one. */
export interface Grounds {
  readonly statements: readonly SignedStatement[]
  /** The prepared line of the latest round that they tell of. */
  readonly lock: Certificate | null
}

export interface Proposal {
  readonly order: Order
  readonly round: number
  readonly grounds: Grounds | null
}

/**
 * Why a witness is not for a line. `behind`: the line is final already, or another with its number. `ahead`: lines before it are missing
 * here. `chain`: it follows another one than the last. `voted`: this witness is for another line. `funds`: there is not so much on the
 * account. `paced`: the last round was opened just now. `crowded`: it would bring too many accounts into being. `too-little`: an owner pays somebody less than is
 * worth a line. `party`: only who has signed the agreement, or is to judge it, may open rounds. `catching-up`: this witness has lost what it knew, or is new.
 */
export const refusals = [
  ...(['malformed', 'signature', 'agreement', 'too-early', 'too-much'] as const),
  ...(['behind', 'ahead', 'chain', 'voted', 'funds', 'phase', 'grounds', 'certificate'] as const),
  ...(['paced', 'crowded', 'too-little', 'party', 'catching-up'] as const),
] as const
export type Refusal = (typeof refusals)[number]

/** No network has more witnesses. */
export const mostWitnesses = 100

export const accountName = z.string().min(1).max(128)
const sequence = z.int().min(1)
const round = z.int().min(0)

export const Voucher: z.ZodType<Voucher> = z.strictObject({ agreement: Hash, due: Amount, note: Hash })

export const SignedVoucher: z.ZodType<SignedVoucher> = z.strictObject({ voucher: Voucher, signature: Signature })

export const Closing: z.ZodType<Closing> = z.discriminatedUnion('how', [
  z.strictObject({ how: z.literal('agreed'), paid: Amount, byBuyer: Signature, byProvider: Signature }),
  z.strictObject({ how: z.literal('claimed'), voucher: SignedVoucher, byProvider: Signature }),
  z.strictObject({ how: z.literal('taken-back'), voucher: SignedVoucher.nullable(), byBuyer: Signature }),
  z.strictObject({ how: z.literal('judged'), paid: Amount, byArbiters: z.array(Signature).max(7) }),
])

const Spend: z.ZodType<Spend> = z.strictObject({
  account: accountName,
  sequence,
  previous: Hash,
  outputs: z.array(z.strictObject({ to: accountName, amount: Amount })).max(mostOutputs),
})

export const Order: z.ZodType<Order> = z.strictObject({
  spend: Spend,
  right: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('owner'), signature: Signature }),
    z.strictObject({ type: z.literal('closing'), agreement: Agreement, closing: Closing }),
  ]),
})

export const Vote: z.ZodType<Vote> = z.strictObject({ witness: party, signature: Signature })

export const Certificate: z.ZodType<Certificate> = z.strictObject({
  order: Order,
  phase: z.enum(['pay', 'prepare', 'commit']),
  round,
  votes: z.array(Vote).max(mostWitnesses),
})

export const SignedStatement: z.ZodType<SignedStatement> = z.strictObject({
  witness: party,
  statement: z.strictObject({
    account: accountName,
    sequence,
    round,
    lock: z.strictObject({ round, hash: Hash }).nullable(),
  }),
  signature: Signature,
})

const Grounds: z.ZodType<Grounds> = z.strictObject({
  statements: z.array(SignedStatement).max(mostWitnesses),
  lock: Certificate.nullable(),
})

export const Proposal: z.ZodType<Proposal> = z.strictObject({ order: Order, round, grounds: Grounds.nullable() })

export const Opening: z.ZodType<Opening> = z.strictObject({
  account: accountName,
  sequence,
  round,
  shown: z.array(SignedStatement).max(mostWitnesses),
})
