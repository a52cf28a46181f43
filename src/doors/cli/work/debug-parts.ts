/** What a bug report is made of: the answers of operations that the caller may ask for anyway. */
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Millis } from '../../../model/time.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import type { Hider } from './hide-secrets.ts'

export interface Part {
  /** In the archive. */
  readonly file: string
  readonly operation: string
  ask(api: Api, signal: AbortSignal): Promise<unknown>
}

export type Collected =
  | { readonly file: string; readonly operation: string; readonly bytes: Buffer; readonly isCut: boolean }
  | { readonly file: string; readonly operation: string; readonly code: string; readonly message: string }

/** Whoever has trouble is not to wait long for a peer that has it too. */
const patience: Millis = 10_000
const day = 24 * 60
/** Most bytes of one file, before they are compressed. */
const mostBytes = 1_048_576

function part<Name extends UnaryName>(
  file: string,
  operation: Name,
  input: InputOf<Name>,
  take: (output: OutputOf<Name>) => unknown = (output) => output,
): Part {
  return { file, operation, ask: async (api, signal) => take(await api.call(operation, input, signal, patience)) }
}

export const meshParts: readonly Part[] = [
  part('version.json', 'version', {}),
  part('status.json', 'status', {}),
  part('gateway.json', 'gateway.status', {}),
  part('voters.json', 'gateway.voters', {}),
  part('nodes.json', 'node.list', {}),
  part('network.json', 'network.status', {}),
  part('workloads.json', 'workload.list', { limit: 200 }),
  part('deployments.json', 'deploy.list', {}),
  part('jobs.json', 'job.list', {}),
  part('events.json', 'events.query', { rangeMinutes: day, limit: 500 }, ({ events }) => events),
  part('metrics.txt', 'metrics.scrape', {}, ({ text }) => text),
]

/** What is asked of one node beside. `place` counts from 1: names may hold what paths may not. */
export function nodeParts(node: string, place: number): readonly Part[] {
  const folder = `nodes/${place}-${node.replaceAll(/[^A-Za-z0-9-]/g, '-').slice(0, 64)}`
  return [
    part(`${folder}/info.json`, 'node.info', { node }),
    part(`${folder}/events.json`, 'node.events', { node, limit: 200 }),
    part(`${folder}/health.json`, 'node.invoke', { node, command: 'node.health', timeoutMs: patience }),
    part(`${folder}/metrics.txt`, 'node.invoke', { node, command: 'metrics.scrape', timeoutMs: patience }, textIn),
  ]
}

/** What another daemon answers is checked by nobody else. */
const textIn = (reply: unknown): unknown => {
  const { text } = Object(reply) as { readonly text?: unknown }
  return typeof text === 'string' ? text : reply
}

/** Never fails because of a peer: what cannot be had is told with its code. Throws when the session ends. */
export async function collect(
  { file, operation, ask }: Part,
  connect: () => Promise<Api>,
  { hider, signal }: { readonly hider: Hider; readonly signal: AbortSignal },
): Promise<Collected> {
  try {
    return { ...fitted(file, await ask(await connect(), signal), hider), operation }
  } catch (error) {
    if (signal.aborted || !isClawError(error)) throw error
    return { file, operation, code: error.code, message: hider.text(error.message) }
  }
}

interface Fitted {
  readonly file: string
  readonly bytes: Buffer
  readonly isCut: boolean
}

/** Text, or JSON that people read, without secrets. Of what is too long, lines and items at the end are left out. Throws TOO_LARGE. */
export function fitted(file: string, value: unknown, hider: Hider): Fitted {
  if (typeof value === 'string') {
    const bytes = Buffer.from(hider.text(value))
    if (bytes.length <= mostBytes) return { file, bytes, isCut: false }
    const end = bytes.lastIndexOf('\n', mostBytes - 1)
    return { file, bytes: bytes.subarray(0, end + 1), isCut: true }
  }
  let left = hider.data(value)
  for (let isCut = false; ; isCut = true) {
    const bytes = Buffer.from(`${JSON.stringify(left, null, 2)}\n`)
    if (bytes.length <= mostBytes) return { file, bytes, isCut }
    if (!Array.isArray(left) || left.length < 2) throw new ClawError('TOO_LARGE', { what: file, limit: mostBytes })
    left = left.slice(0, Math.floor(left.length / 2))
  }
}
