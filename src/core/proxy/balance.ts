/**
 * Which replica gets the next request: revisions by their weights, then whoever has the fewest requests open, and those of this host before
 * others that are as idle. Whoever could not be reached is left alone for a while. Changes its own book; looks at no clock and throws no dice.
 */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'

/** A replica that may be given requests. */
export interface Endpoint {
  readonly placement: PlacementId
  readonly node: NodeId
  readonly revision: number
  readonly port: number
  readonly isLocal: boolean
}

export interface Share {
  readonly revision: number
  readonly weight: number
}

interface Standing {
  open: number
  /** In which turn it was chosen last. */
  turn: number
  /** Failures to reach it, in a row. */
  troubles: number
  avoidUntil: Millis
}

export interface Balance {
  readonly standings: Map<PlacementId, Standing>
  /** What each revision is owed, in parts of the sum of all weights. */
  readonly credits: Map<number, number>
  turn: number
}

export const emptyBalance = (): Balance => ({ standings: new Map(), credits: new Map(), turn: 0 })

/** How long it is left alone after the first failure; doubled with every further one. */
const firstRest: Millis = second
const longestRest: Millis = 30 * second

export interface Choice {
  readonly endpoints: readonly Endpoint[]
  readonly shares: readonly Share[]
  /** Those that this very request has been to. */
  readonly tried: ReadonlySet<PlacementId>
  readonly at: Millis
}

/** Null when nobody may be asked. Who is chosen has one more request open, until `settled`. */
export function choose(balance: Balance, { endpoints, shares, tried, at }: Choice): Endpoint | null {
  const left = endpoints.filter(({ placement }) => !tried.has(placement))
  const rested = left.filter(({ placement }) => (balance.standings.get(placement)?.avoidUntil ?? 0) <= at)
  // When all of them are in trouble, the one in least of it is better than none.
  const chosen = among(balance, rested, shares) ?? among(balance, left, shares)
  if (chosen === null) return null
  balance.turn += 1
  const standing = standingOf(balance, chosen.placement)
  standing.open += 1
  standing.turn = balance.turn
  return chosen
}

export function settled(balance: Balance, placement: PlacementId, reached: boolean | null, at: Millis): void {
  const standing = standingOf(balance, placement)
  standing.open = Math.max(0, standing.open - 1)
  if (reached === null) return
  standing.troubles = reached ? 0 : standing.troubles + 1
  standing.avoidUntil = reached ? 0 : at + Math.min(longestRest, firstRest * 2 ** (standing.troubles - 1))
}

export const openAt = (balance: Balance, placement: PlacementId): number => balance.standings.get(placement)?.open ?? 0

/** Forgets who is a replica no more and has no request open. */
export function forgetOthers(balance: Balance, endpoints: readonly Endpoint[]): void {
  const known = new Set(endpoints.map(({ placement }) => placement))
  for (const [placement, { open }] of balance.standings)
    if (open === 0 && !known.has(placement)) balance.standings.delete(placement)
}

function among(balance: Balance, endpoints: readonly Endpoint[], shares: readonly Share[]): Endpoint | null {
  const there = shares.filter(
    ({ revision, weight }) => weight > 0 && endpoints.some((endpoint) => endpoint.revision === revision),
  )
  const revision = nextRevision(balance, there)
  if (revision === null) return null
  const candidates = endpoints.filter((endpoint) => endpoint.revision === revision)
  return candidates.reduce<Endpoint | null>(
    (best, one) => (best === null || isBetter(balance, one, best) ? one : best),
    null,
  )
}

/** Smooth: with weights 3 and 1 it is a a b a, not a a a b. */
function nextRevision({ credits }: Balance, shares: readonly Share[]): number | null {
  const [only, ...others] = shares
  if (only === undefined) return null
  if (others.length === 0) return only.revision
  const known = new Set(shares.map(({ revision }) => revision))
  for (const revision of credits.keys()) if (!known.has(revision)) credits.delete(revision)
  let best = only
  for (const share of shares) {
    credits.set(share.revision, (credits.get(share.revision) ?? 0) + share.weight)
    if ((credits.get(share.revision) ?? 0) > (credits.get(best.revision) ?? 0)) best = share
  }
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  credits.set(best.revision, (credits.get(best.revision) ?? 0) - total)
  return best.revision
}

function isBetter(balance: Balance, one: Endpoint, other: Endpoint): boolean {
  const [a, b] = [balance.standings.get(one.placement), balance.standings.get(other.placement)]
  const open = (a?.open ?? 0) - (b?.open ?? 0)
  if (open !== 0) return open < 0
  if (one.isLocal !== other.isLocal) return one.isLocal
  return (a?.turn ?? 0) < (b?.turn ?? 0)
}

function standingOf({ standings }: Balance, placement: PlacementId): Standing {
  const standing = standings.get(placement) ?? { open: 0, turn: 0, troubles: 0, avoidUntil: 0 }
  standings.set(placement, standing)
  return standing
}
