/** How the requests to a deployment went of late, at all peers together. */
import type { Tally } from '../../core/proxy/window.ts'
import { merged, quantile } from '../../core/proxy/window.ts'
import { ClawError } from '../../model/failure.ts'
import type { DeploymentId, NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { serviceStats } from '../../wire/service.ts'
import type { ProxyService, ServiceStats } from './service.ts'

export interface GatherDeps {
  readonly self: NodeId
  readonly rpc: Pick<Rpc, 'call'>
  readonly clock: Pick<Clock, 'after'>
  readonly proxy: Pick<ProxyService, 'stats'>
  /** Peers that are there, as far as this one knows. */
  readonly peers: () => readonly NodeId[]
}

export interface Measured {
  readonly requests: number
  readonly errors: number
  /** Null when nothing was answered. */
  readonly p99Ms: Millis | null
}

interface Wanted {
  readonly deployment: DeploymentId
  readonly span: Millis
}

/** A peer that does not answer in time is left out: it may be gone, and what it counted with it. */
const patience: Millis = 2 * second

export async function gatherStats(deps: GatherDeps, wanted: Wanted, signal: AbortSignal): Promise<ServiceStats> {
  const { self, proxy, peers } = deps
  const others = peers().filter((node) => node !== self)
  const theirs = await Promise.all(others.map((node) => ask(deps, node, wanted, signal)))
  const all = [proxy.stats(wanted.deployment, wanted.span), ...theirs.filter((one) => one !== null)]
  return {
    revisions: merged(all.flatMap(({ revisions }) => revisions)),
    unserved: all.reduce((sum, { unserved }) => sum + unserved, 0),
  }
}

/** The peers are not asked again for what they were asked a moment ago. */
const freshFor: Millis = second

/** What the gates of a rollout look at: how the requests to one revision went over the last so long. */
export function measure(deps: GatherDeps & { readonly clock: Pick<Clock, 'after' | 'elapsed'> }) {
  const known = new Map<DeploymentId, { readonly at: Millis; readonly span: Millis; readonly stats: ServiceStats }>()
  return async (
    deployment: DeploymentId,
    revision: number,
    span: Millis,
    signal: AbortSignal,
  ): Promise<Measured | null> => {
    const at = deps.clock.elapsed()
    for (const [id, one] of known) if (at - one.at >= freshFor) known.delete(id)
    const before = known.get(deployment)
    const stats = before?.span === span ? before.stats : await gatherStats(deps, { deployment, span }, signal)
    known.set(deployment, { at: before?.span === span ? before.at : at, span, stats })
    const tally = stats.revisions.find((one) => one.revision === revision)
    return tally === undefined ? null : measuredOf(tally)
  }
}

const measuredOf = (tally: Tally): Measured => ({
  requests: tally.requests,
  errors: tally.failed,
  p99Ms: quantile(tally, 0.99),
})

async function ask(
  { rpc, clock }: GatherDeps,
  node: NodeId,
  { deployment, span }: Wanted,
  signal: AbortSignal,
): Promise<ServiceStats | null> {
  const late = new AbortController()
  const reason = new ClawError('DEADLINE_EXCEEDED', { what: 'the counts of a peer', ms: patience })
  const cancel = clock.after(patience, () => late.abort(reason))
  try {
    return await rpc.call(node, serviceStats, { deployment, spanMs: span }, AbortSignal.any([signal, late.signal]))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ClawError)) throw error
    return null
  } finally {
    cancel()
  }
}
