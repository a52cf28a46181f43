/** What a buyer asks a provider in a MOLT network, from the first bid to the closed agreement. See protocols/molt-lease.md. */
import { z } from 'zod'
import { Amount } from '../model/amount.ts'
import { Agreement, Hash, Signature, Terms } from '../model/molt-agreement.ts'
import { Decline, SignedBid } from '../model/molt-bid.ts'
import { instant } from '../model/molt-hardware.ts'
import { leaseReasons, leaseStates } from '../model/molt-lease.ts'
import { Certificate, SignedVoucher } from '../model/molt-line.ts'
import { SignedNote } from '../model/molt-note.ts'
import { Want } from '../model/molt-want.ts'
import { processEnv, processFolder, processWords, Work } from '../model/molt-work.ts'
import { second } from '../model/time.ts'
import { terminalStates } from '../model/workload.ts'
import type { DuplexProtocol, Protocol, StreamProtocol } from '../ports/rpc.ts'
import { Size } from './command-talk.ts'
import { jsonCodec as json } from './json-codec.ts'

const BidAnswer = z.discriminatedUnion('type', [
  /** `counter`: it costs more than the buyer wants to pay. */
  z.strictObject({ type: z.enum(['bid', 'counter']), signed: SignedBid }),
  z.strictObject({ type: z.literal('decline'), decline: Decline }),
])
export type BidAnswer = z.infer<typeof BidAnswer>

/**
 * Why a provider does not go on. `unknown`: no bid or agreement of this buyer has that name. `over`: the bid has run out, or the agreement is
 * being closed. `terms`: they are not what was bid. `taken`: the bid was taken already, for another agreement, or its GPUs were. `signature`: the buyer's is
 * missing. `hold`: the line is not final, or sets aside too little for this agreement. `image`: the work is of another image than was agreed.
 * `work`: it cannot be run here as it is. `started`: other work was begun for it. `unclean`: something of whoever had its GPUs before is left on
 * them, or their tool does not say.
 */
export const leaseRefusals = [
  ...(['unknown', 'over', 'terms', 'taken', 'signature'] as const),
  ...(['hold', 'image', 'work', 'started', 'unclean'] as const),
] as const
export type LeaseRefusal = (typeof leaseRefusals)[number]
const Refused = z.strictObject({ type: z.literal('refused'), reason: z.enum(leaseRefusals) })

const AgreeRequest = z.strictObject({
  /** Hash of the bid. */
  key: Hash,
  terms: Terms,
  byBuyer: Signature,
  /** Of the buyer, under who has made it: what everybody may know of an agreement. See core/records/parties.ts. */
  partiesByBuyer: Signature,
})
export type AgreeRequest = z.infer<typeof AgreeRequest>

const AgreeAnswer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('agreed'), agreement: Agreement, partiesByProvider: Signature }),
  Refused,
])
export type AgreeAnswer = z.infer<typeof AgreeAnswer>

const StartRequest = z.strictObject({
  agreement: Hash,
  /** The line that sets aside what was agreed. */
  hold: Certificate,
  work: Work,
})
export type StartRequest = z.infer<typeof StartRequest>

const StartAnswer = z.discriminatedUnion('type', [z.strictObject({ type: z.literal('accepted') }), Refused])
export type StartAnswer = z.infer<typeof StartAnswer>

/** A provider answers after so long at the latest, whatever it is asked to wait. */
export const longestTalk = 20 * second

const TalkRequest = z.strictObject({
  agreement: Hash,
  /** `version` of the last answer; 0 before there was one. Anything else than the present one is answered at once. */
  seen: z.int().min(0),
  waitMs: z.int().min(0).max(longestTalk),
  /** The last one; may be told again. */
  voucher: SignedVoucher.nullable(),
  /** The buyer wants no more: the work ends. */
  cancel: z.boolean(),
  /** A sum that the buyer has signed to close the agreement at. Only counts once the work has ended. */
  offered: z.strictObject({ paid: Amount, byBuyer: Signature }).nullable(),
})
export type TalkRequest = z.infer<typeof TalkRequest>

const TalkAnswer = z.strictObject({
  version: z.int().min(1),
  /** As its provider goes through it. Bids are not talked about. */
  state: z.enum(leaseStates).exclude(['bid']),
  /** The work runs, and is paid for: the meter counts. */
  isRunning: z.boolean(),
  /** Why it is over, or is about to be. */
  why: z.enum(leaseReasons).nullable(),
  /** The last one, until it was answered with a voucher. */
  note: SignedNote.nullable(),
  /** The work runs no longer than until then, as the provider takes its GPUs back. */
  stopBy: instant.nullable(),
  work: z.strictObject({
    /** `none` before there is any. */
    state: z.enum(['none', 'pending', 'starting', 'running', 'stopping', ...terminalStates]),
    /** What it is busy with, such as `pulling image`, or why it failed, in words. */
    about: z.string().max(1_024).nullable(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    exitCode: z.int().nullable(),
  }),
  /** The line that has closed the agreement. */
  final: Certificate.nullable(),
})
export type TalkAnswer = z.infer<typeof TalkAnswer>

const LogsRequest = z.strictObject({
  agreement: Hash,
  /** Go on after this position; null to begin with the last `tail` lines, or with all that are kept. */
  from: z.int().min(0).nullable(),
  tail: z.int().min(0).max(1_000_000).nullable(),
  /** Until the work has ended and all was read. */
  follow: z.boolean(),
})
export type LogsRequest = z.infer<typeof LogsRequest>

/** Many lines: see `lib/log-chunk.ts`. */
const LogsItem = z.strictObject({
  position: z.number(),
  text: z.string(),
  kinds: z.string(),
  positions: z.string(),
  times: z.string(),
  /** Something to know of what is missing here. */
  note: z.string().max(1_024).nullable(),
})
export type LogsItem = z.infer<typeof LogsItem>

const ExecRequest = z.strictObject({
  agreement: Hash,
  command: processWords.min(1),
  workdir: processFolder.nullable(),
  env: processEnv,
  /** Whether it has an input; without one it reads the end at once. */
  stdin: z.boolean(),
  terminal: Size.nullable(),
})
export type ExecRequest = z.infer<typeof ExecRequest>

const base = { kind: 'call', audience: 'members', timeout: 15_000 } as const

/** Asks for a bid. Whoever asks again for the same want gets the same bid. Throws RATE_LIMITED. */
export const askBid: Protocol<{ readonly want: Want }, BidAnswer> = {
  ...base,
  id: '/clawbernetes/molt-lease/bid/1.0.0',
  lane: 'control',
  request: json(z.strictObject({ want: Want })),
  response: json(BidAnswer),
  maxBytes: 16_384,
  maxInbound: 8,
}

/** Takes a bid, and asks for the provider's signature. Safe to repeat. Throws RATE_LIMITED. */
export const agreeTerms: Protocol<AgreeRequest, AgreeAnswer> = {
  ...base,
  id: '/clawbernetes/molt-lease/agree/1.1.0',
  lane: 'control',
  request: json(AgreeRequest),
  response: json(AgreeAnswer),
  maxBytes: 16_384,
  maxInbound: 8,
}

/** Shows that it is paid for, and says what is to run. Safe to repeat. Throws RATE_LIMITED. */
export const startWork: Protocol<StartRequest, StartAnswer> = {
  ...base,
  id: '/clawbernetes/molt-lease/start/1.0.0',
  lane: 'bulk',
  request: json(StartRequest),
  response: json(StartAnswer),
  maxBytes: 262_144,
  maxInbound: 4,
}

/**
 * How the lease stands, once that is not what was seen last, or time is up: heartbeat, notes, vouchers, end and closing. Safe to repeat. Throws
 * LEASE_UNKNOWN to all but the buyer of the agreement, and RATE_LIMITED.
 */
export const talkLease: Protocol<TalkRequest, TalkAnswer> = {
  ...base,
  id: '/clawbernetes/molt-lease/talk/1.0.0',
  lane: 'control',
  request: json(TalkRequest),
  response: json(TalkAnswer),
  maxBytes: 65_536,
  timeout: longestTalk + 15_000,
  maxInbound: 64,
}

/** What the work prints, also after it has ended, until the provider has forgotten it. Throws LEASE_UNKNOWN and LOGS_GONE. */
export const readLeaseLogs: StreamProtocol<LogsRequest, LogsItem> = {
  kind: 'stream',
  id: '/clawbernetes/molt-lease/logs/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(LogsRequest),
  item: json(LogsItem),
  maxBytes: 1_048_576,
  maxInbound: 4,
}

/**
 * A further command in the work while it runs. First the provider tells `{type: 'started'}`; then it is as in `wire/command-talk.ts`, whose
 * messages are JSON: `Exit` comes last. Throws LEASE_UNKNOWN, WORKLOAD_NOT_RUNNING and EXEC_FAILED.
 */
export const execInLease: DuplexProtocol<ExecRequest> = {
  kind: 'duplex',
  id: '/clawbernetes/molt-lease/exec/1.0.0',
  audience: 'members',
  lane: 'bulk',
  request: json(ExecRequest),
  maxBytes: 1_048_576,
  maxInbound: 4,
}
