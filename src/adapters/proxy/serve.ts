/**
 * Has one request or WebSocket answered by the replicas of a service. Until something was sent, any request can go to another replica;
 * afterwards only one that may be sent twice, as long as nothing of an answer has come.
 */
import type { IncomingMessage } from 'node:http'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Backend, Chosen } from '../../ports/service-door.ts'
import type { KeptLinks } from './agents.ts'
import { refuse, refuseUpgrade } from './refusal.ts'
import type { Asked } from './request.ts'
import { passOn } from './request.ts'
import type { Upgrade } from './upgrade.ts'
import { passUpgradeOn } from './upgrade.ts'

/** Longest silence within a connection. */
export const idleMs: Millis = 600_000

/** So many replicas that break off, and it is the request: another would break as well. */
const mostBroken = 2

/** May be sent twice, and carries nothing that would have to be kept for that. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** `links` has kept connections to the replicas. */
export async function serve(
  { request, response }: Asked,
  backend: Backend,
  links: Pick<KeptLinks, 'agentFor'>,
): Promise<void> {
  // Node has answered that already.
  delete request.headers.expect
  const isRepeatable = repeatable.has(request.method ?? '') && !hasBody(request)
  const tried = new Set<PlacementId>()
  /** Asked once more when nobody else is left: its peer may be back. */
  const lost = new Set<PlacementId>()
  /** How often it broke a connection, and whether one was broken at all. */
  let [broken, isBroken] = [0, false]
  for (let chosen = next(backend, tried, lost); chosen !== null; chosen = next(backend, tried, lost)) {
    const { placement } = chosen
    const kept = lost.has(placement) ? null : links.agentFor(chosen)
    const { outcome, wasIdle } = await passOn({ request, response }, chosen, { kept, isRepeatable })
    chosen.settle(outcome)
    tried.add(placement)
    if (wasIdle === true) lost.add(placement)
    else lost.delete(placement)
    if (outcome.type === 'answered' || outcome.type === 'cancelled') return
    if (response.headersSent) return void response.destroy()
    if (outcome.type === 'broken' && outcome.latency >= idleMs)
      return refuse(response, 504, `no answer from ${backend.name} within ${idleMs / 1_000} s`)
    if (outcome.type !== 'broken') continue
    isBroken = true
    if (outcome.isPeerLost !== true) broken += 1
    if (broken >= mostBroken || !isRepeatable) break
  }
  if (isBroken) return refuse(response, 502, `the connection to a replica of ${backend.name} broke`)
  backend.unserved()
  refuse(response, 503, nobody(backend.name, tried))
}

function next(backend: Backend, tried: Set<PlacementId>, lost: ReadonlySet<PlacementId>): Chosen | null {
  const other = backend.choose(tried)
  if (other !== null || lost.size === 0) return other
  return backend.choose(tried.difference(lost))
}

export async function serveUpgrade(upgrade: Upgrade, backend: Backend): Promise<void> {
  const tried = new Set<PlacementId>()
  for (let chosen: Chosen | null = backend.choose(tried); chosen !== null; chosen = backend.choose(tried)) {
    tried.add(chosen.placement)
    const outcome = await passUpgradeOn(upgrade, chosen)
    chosen.settle(outcome)
    if (outcome.type !== 'unreachable') return
  }
  backend.unserved()
  refuseUpgrade(upgrade.socket, 503, nobody(backend.name, tried))
}

const nobody = (name: string, tried: ReadonlySet<PlacementId>): string =>
  tried.size === 0 ? `no replica of ${name} is ready` : `no replica of ${name} could be reached`

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
