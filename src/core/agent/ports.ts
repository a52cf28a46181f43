/**
 * Which port a workload listens on. In a network of its own it is the one that it declares. On the network of its node two of the same
 * would want the same one, so each is given another, and told which.
 */
import type { WorkloadPort } from '../../model/probe.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { networkOf } from '../../model/workload.ts'
import type { ExecutorKind } from '../../model/node.ts'
import type { TaskPort } from '../../ports/executor.ts'
import type { Assigned } from './view.ts'

/** Below those at which gangs meet, and below those that systems hand out by themselves. */
const range = { first: 20_000, count: 9_500 }

/** As many as have to be tried when most are taken. */
const tries = 200

export interface PortSource {
  /** Given to another task, or about to be. */
  readonly taken: ReadonlySet<number>
  readonly isFree: (port: number) => Promise<boolean>
}

export async function choosePorts(
  { spec, placement }: Pick<Assigned, 'spec' | 'placement'>,
  { taken, isFree }: PortSource,
): Promise<readonly TaskPort[]> {
  const ports = spec.ports ?? []
  if (placement.executor === 'docker' && networkOf(spec) === 'bridge')
    return ports.map(({ port }) => ({ port, given: port }))
  const candidates = candidatesFor(placement.id)
  const given: TaskPort[] = []
  for (const [i, declared] of ports.entries()) {
    const { port } = declared
    const word = ownWord(spec, declared, i)
    // A port at which something else listens does not become its own by its saying so.
    const own = word !== null && !taken.has(word) && (await isFree(word)) ? word : null
    given.push({ port, given: own ?? (await nextFree(candidates, { taken, isFree })) ?? port })
  }
  return given
}

/** What tells it: `PORT` for the first, and for each one `PORT_<NAME>`, or `PORT_<NUMBER>` without a name. */
export function portEnvironment(
  spec: Pick<WorkloadSpec, 'ports'>,
  given: readonly TaskPort[],
): Readonly<Record<string, string>> {
  const pairs = (spec.ports ?? []).flatMap((declared, i) => {
    const port = String(given[i]?.given ?? declared.port)
    return variablesOf(declared, i).map((name) => [name, port] as const)
  })
  return Object.fromEntries(pairs)
}

const variablesOf = ({ name, port }: WorkloadPort, index: number): readonly string[] => [
  ...(index === 0 ? ['PORT'] : []),
  `PORT_${name === undefined ? port : name.toUpperCase().replaceAll('-', '_')}`,
]

/** Whoever sets the variable in the workload itself knows which port it will listen on. */
function ownWord({ env }: Pick<WorkloadSpec, 'env'>, declared: WorkloadPort, index: number): number | null {
  const word = variablesOf(declared, index).flatMap((name) => env[name] ?? [])[0]
  const port = Number(word)
  return word !== undefined && Number.isInteger(port) && port > 0 && port < 65_536 ? port : null
}

/** Begins elsewhere for every placement, so that a port is not given again as soon as it is free. */
function* candidatesFor(placement: string): Generator<number, undefined> {
  let hash = 2_166_136_261
  for (const char of placement) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0
  for (let i = 0; i < tries; i += 1) yield range.first + ((hash + i) % range.count)
  return undefined
}

async function nextFree(
  candidates: Generator<number, undefined>,
  { taken, isFree }: PortSource,
): Promise<number | null> {
  // By hand: a loop over it would end it, and what comes after is for the next port.
  for (;;) {
    const { value: port } = candidates.next()
    if (port === undefined) return null
    if (!taken.has(port) && (await isFree(port))) return port
  }
}

/**
 * Where a port of a task is on its own network; null for one that is none of its own. On the network of its node only what it was given is:
 * everything else that listens there belongs to others.
 */
export function portOnNode(
  {
    spec,
    executor,
  }: { readonly spec: Pick<WorkloadSpec, 'network' | 'parts' | 'offline'> | null; readonly executor: ExecutorKind },
  ports: readonly TaskPort[],
  port: number,
): number | null {
  const given = ports.find((one) => one.port === port)?.given
  if (given !== undefined) return given
  const isOnOwnNetwork = executor !== 'process' && spec !== null && networkOf(spec) === 'bridge'
  return isOnOwnNetwork ? port : null
}
