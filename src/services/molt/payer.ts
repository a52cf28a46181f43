/** Brings one own line to its end: votes of a quorum make it final, and then all witnesses are shown that it is. */
import { keyOf, type Proposed } from '../../core/molt/books.ts'
import { isSignedBy } from '../../core/molt/signing.ts'
import { spendHash, voteText } from '../../core/molt/spend.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { Certificate, Order, Refusal, Vote } from '../../model/molt-line.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { type Refused, voteForPay } from '../../wire/molt-witness.ts'
import type { BankSync } from './bank-sync.ts'
import { gather } from './gather.ts'
import { isFinal, show, type TeachDeps } from './teach.ts'

export interface PayerDeps extends TeachDeps {
  readonly sync: Pick<BankSync, 'with'>
  readonly clock: Clock
  readonly random: Random
}

export type PayEnd =
  | { readonly type: 'final'; readonly line: Certificate }
  /** Another line with its number counts. */
  | { readonly type: 'replaced'; readonly line: Certificate }
  /** So many witnesses are for another line that this one cannot count. */
  | { readonly type: 'locked'; readonly rival: Order }
  /** A quorum says that it can never be, so none will ever be for it. */
  | { readonly type: 'hopeless'; readonly reason: Refusal }
  | { readonly type: 'no-quorum'; readonly answered: number }

/** How long witnesses are asked before the line is left for later. */
export const payPatience: Millis = 20 * second

/** What one witness has said. */
type Said =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'final'; readonly line: Certificate }
  | { readonly type: 'other'; readonly order: Order }
  | { readonly type: 'never'; readonly reason: Refusal }

/**
 * A witness that says so of a line says it at any time, and has not voted for it: it follows from the line alone. Two quorums have an honest
 * witness in common, so when a quorum says so, no other is ever for it.
 */
const lasting: ReadonlySet<Refusal> = new Set(['malformed', 'too-little'] as const)

export async function finish(deps: PayerDeps, { order }: Proposed, signal: AbortSignal): Promise<PayEnd> {
  const { network } = deps
  const votes = (said: ReadonlyMap<NodeId, Said>): readonly Vote[] =>
    said
      .values()
      .flatMap((each) => (each.type === 'vote' ? [each.vote] : []))
      .toArray()
  const finals = (said: ReadonlyMap<NodeId, Said>) =>
    said.values().flatMap((each) => (each.type === 'final' ? [each.line] : []))
  const rivals = (said: ReadonlyMap<NodeId, Said>): readonly Order[] =>
    said
      .values()
      .flatMap((each) => (each.type === 'other' ? [each.order] : []))
      .toArray()
  const nevers = (said: ReadonlyMap<NodeId, Said>): readonly Refusal[] =>
    said
      .values()
      .flatMap((each) => (each.type === 'never' ? [each.reason] : []))
      .toArray()
  const isHopeless = (said: ReadonlyMap<NodeId, Said>): boolean => nevers(said).length >= network.quorum
  const isLocked = (said: ReadonlyMap<NodeId, Said>): boolean =>
    rivals(said).length > network.witnesses.size - network.quorum
  const said = await gather(
    { ...deps, witnesses: network.witnesses },
    {
      ask: (witness, asking) => askForVote(deps, witness, order, asking),
      isEnough: (all) =>
        votes(all).length >= network.quorum || !finals(all).next().done || isLocked(all) || isHopeless(all),
      patience: payPatience,
    },
    signal,
  )
  const [final] = finals(said)
  if (final !== undefined) {
    const isOurs = spendHash(final.order.spend) === spendHash(order.spend)
    return { type: isOurs ? 'final' : 'replaced', line: final }
  }
  const enough = votes(said)
  if (enough.length >= network.quorum)
    return { type: 'final', line: { order, phase: 'pay', round: 0, votes: [...enough] } }
  const [rival] = rivals(said)
  if (rival !== undefined && isLocked(said)) return { type: 'locked', rival }
  const [reason] = nevers(said)
  return reason !== undefined && isHopeless(said)
    ? { type: 'hopeless', reason }
    : { type: 'no-quorum', answered: enough.length }
}

/** Returns as soon as a quorum has it; the others are shown it meanwhile, for as long as it takes them or patience lasts. */
export async function settleEverywhere(deps: PayerDeps, line: Certificate, signal: AbortSignal): Promise<void> {
  const { network } = deps
  await gather(
    { ...deps, witnesses: network.witnesses },
    {
      ask: async (witness, asking) => {
        const { refusal } = await show(deps, witness, [line], asking)
        if (refusal === null) return true
        if (refusal === 'ahead') await deps.sync.with(witness, asking)
        return null
      },
      isEnough: (all) => all.size >= network.quorum,
      patience: payPatience,
      goesOn: true,
    },
    signal,
  )
}

async function askForVote(deps: PayerDeps, witness: NodeId, order: Order, signal: AbortSignal): Promise<Said | null> {
  const first = await deps.rpc.call(witness, voteForPay, { order }, signal)
  if (first.type === 'vote') return ownVote(deps, witness, order, first.vote)
  // What it lacks it can be shown at once.
  if (first.refusal === 'ahead' || first.refusal === 'funds' || first.refusal === 'chain') {
    await deps.sync.with(witness, signal)
    const second = await deps.rpc.call(witness, voteForPay, { order }, signal)
    return second.type === 'vote' ? ownVote(deps, witness, order, second.vote) : refusedBy(deps, order, second)
  }
  return refusedBy(deps, order, first)
}

function ownVote({ network, verifier }: PayerDeps, witness: NodeId, order: Order, vote: Vote): Said | null {
  const said = { kind: 'vote', network: network.id, value: voteText(order, 'pay', 0) } as const
  return vote.witness === witness && isSignedBy(verifier, witness, said, vote.signature) ? { type: 'vote', vote } : null
}

function refusedBy(deps: PayerDeps, order: Order, { refusal, final, voted }: Refused): Said | null {
  if (final !== null && keyOf(final.order.spend) === keyOf(order.spend) && isFinal(final, deps))
    return { type: 'final', line: final }
  if (lasting.has(refusal)) return { type: 'never', reason: refusal }
  if (voted === null || keyOf(voted.spend) !== keyOf(order.spend)) return null
  const { spend, right } = voted
  const said = { kind: 'spend', network: deps.network.id, value: spend } as const
  const isOwners = right.type === 'owner' && isSignedBy(deps.verifier, nodeId(spend.account), said, right.signature)
  return isOwners && spendHash(spend) !== spendHash(order.spend) ? { type: 'other', order: voted } : null
}
