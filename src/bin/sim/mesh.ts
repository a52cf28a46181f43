/** Forms the mesh of a simulation: everybody becomes a member first, then all are started, as after a power cut. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawError } from '../../model/failure.ts'
import { type Fleet, patiently, type Peer, tokenFrom } from './fleet.ts'

/** At most so many daemons start at a time. */
const atOnce = 50
/** At the speed of the machine; a slower mesh has longer. */
const formsWithin = 240_000

/** The first founds the mesh. Those of `early` are started before the rest, so that they are the voters. */
export async function formMesh(
  fleet: Fleet,
  names: readonly string[],
  { early, signal }: { readonly early: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<void> {
  const [first = '', ...others] = names
  const founder = await fleet.create(first)
  await fleet.start(founder)
  for (const name of others) await enrolled(fleet, name, { by: founder, signal })
  const [sooner, later] = [others.filter((name) => early.has(name)), others.filter((name) => !early.has(name))]
  await startAll(fleet, sooner, signal)
  if (later.length > 0)
    await until({ fleet, signal }, () => votersAre(founder, Math.min(5, oddUpTo(sooner.length + 1)), signal))
  await startAll(fleet, later, signal)
  await until({ fleet, signal }, () => isHealthy(founder, names.length, signal))
}

/** A member on disk that is not started. */
export function enrolled(
  fleet: Fleet,
  name: string,
  { by, signal }: { readonly by: Peer; readonly signal: AbortSignal },
): Promise<Peer> {
  let peer: Peer | null = null
  return patiently(async () => {
    const token = await tokenFrom(by, signal)
    if (peer === null) peer = await fleet.create(name)
    await fleet.enrol(peer, token)
    return peer
  }, signal)
}

const oddUpTo = (count: number): number => (count % 2 === 1 ? count : count - 1)

async function startAll(fleet: Fleet, names: readonly string[], signal: AbortSignal): Promise<void> {
  const queue = names.map((name) => fleet.get(name))
  const starter = async (): Promise<void> => {
    for (let peer = queue.shift(); peer !== undefined; peer = queue.shift()) {
      signal.throwIfAborted()
      await fleet.start(peer)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, starter))
}

async function votersAre({ api }: Peer, count: number, signal: AbortSignal): Promise<boolean> {
  return (await api.call('gateway.status', {}, signal)).voters.length >= count
}

async function isHealthy({ api }: Peer, count: number, signal: AbortSignal): Promise<boolean> {
  const { nodes, leader, gpus } = await api.call('status', {}, signal)
  return nodes.healthy === count && leader !== null && gpus.total > 0
}

/** A mesh that is busy coming up may not answer; that counts as not yet. */
async function until(
  { fleet, signal }: { readonly fleet: Fleet; readonly signal: AbortSignal },
  holds: () => Promise<boolean>,
): Promise<void> {
  const limit = formsWithin / fleet.speed
  const deadline = performance.now() + limit
  let last: unknown = null
  while (performance.now() < deadline) {
    try {
      if (await holds()) return
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ClawError)) throw error
      last = error
    }
    await sleep(250, undefined, { signal })
  }
  throw new ClawError(
    'DEADLINE_EXCEEDED',
    { what: 'Forming the mesh (this machine may be too small or too busy for so many peers)', ms: Math.round(limit) },
    { cause: last },
  )
}
