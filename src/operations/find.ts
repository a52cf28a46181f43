/** Finds what a user means by a name, an id, or the beginning of one. */
import type { FailureCode } from '../model/failure.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import { groupId, nodeId, workloadId } from '../model/ids.ts'
import type { Member } from '../model/node.ts'
import type { Workload } from '../model/workload.ts'
import { groupName, partsOf } from '../core/state/groups.ts'
import type { MeshState } from '../core/state/types.ts'
import { closest } from '../lib/closest.ts'
import { within } from './deadline.ts'
import type { OperationContext } from './context.ts'
import type { Call } from './operation.ts'

/** An id may be cut to this many characters, as long as it stays the only one. */
const shortest = 4

type Context = Pick<OperationContext, 'control' | 'clock' | 'agent' | 'isSettled'>

/** How long a read waits for the leader before it answers with what this peer has. */
const patience = 300

/** How long a peer tries to learn what it has missed before it says that something does not exist. */
const denialPatience = 10_000

/** As fresh as the mesh can give it quickly; a peer that is cut off answers with what it knows. */
export async function refresh(
  { control, clock, isSettled }: Pick<Context, 'control' | 'clock' | 'isSettled'>,
  signal: AbortSignal,
): Promise<void> {
  if (isSettled === true) return
  try {
    await within(clock, patience, signal, (limited) => control.fresh('linearizable', limited))
  } catch (error) {
    signal.throwIfAborted()
    if (!stale.some((code) => ClawError.is(error, code)) && !isAbort(error)) throw error
  }
}

/** For what must not be decided by what this peer happens to know. Throws NO_LEADER, DEADLINE_EXCEEDED and VERSION_UNSUPPORTED. */
export async function becomeFresh(
  { control, clock, isSettled }: Pick<Context, 'control' | 'clock' | 'isSettled'>,
  signal: AbortSignal,
): Promise<void> {
  if (isSettled !== true)
    await within(clock, denialPatience, signal, (limited) => control.fresh('linearizable', limited))
}

/** Without these, what this peer has is better than nothing. */
const stale = ['NO_LEADER', 'DEADLINE_EXCEEDED', 'VERSION_UNSUPPORTED'] as const

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

/** Throws NODE_NOT_FOUND, or AMBIGUOUS_NAME when the beginning of an id fits several. */
export function findMember(state: MeshState, wanted: string): Member {
  const exact = state.members.get(nodeId(wanted))
  if (exact !== undefined) return exact
  const members = [...state.members.values()]
  const found = theOne(
    [members.filter(({ name }) => name === wanted), begins(members, wanted), ends(members, wanted)],
    wanted,
  )
  if (found === undefined) throw new ClawError('NODE_NOT_FOUND', { node: wanted, ...nearTo(wanted, members) })
  return found
}

export const findNode = (state: MeshState, wanted: string): NodeId => findMember(state, wanted).id

/** The workload of that id or container, else the live one of that name, else the last one that had it. */
export function findWorkload({ control, agent }: Pick<Context, 'control' | 'agent'>, wanted: string): Workload {
  const { state } = control
  const named = state.names.get(wanted) ?? workloadId(wanted)
  const exact = state.workloads.get(named)
  if (exact !== undefined) return exact

  const all = [...state.workloads.values()]
  const byAge = (some: readonly Workload[]): Workload | undefined =>
    some.toSorted((a, b) => b.submittedAt - a.submittedAt)[0]
  const newest = byAge(all.filter(({ name }) => name === wanted))
  if (newest !== undefined) return newest
  const group = findGroup(state, wanted)[0]
  if (group !== undefined) return group
  const task =
    wanted.length < 12 ? undefined : agent.tasks().find(({ handle }) => handle !== null && handle.startsWith(wanted))
  const found = task === undefined ? theOne([begins(all, wanted)], wanted) : state.workloads.get(task.workload)
  if (found === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: wanted, ...nearTo(wanted, all) })
  return found
}

/** The parts of the group of that id, or else of the last one of that name; none when there is no such group. */
export function findGroup(state: MeshState, wanted: string): readonly Workload[] {
  const byId = partsOf(state, groupId(wanted))
  if (byId.length > 0) return byId
  const called = [...state.workloads.values()].filter((workload) => groupName(workload) === wanted)
  const group = called.toSorted((a, b) => b.submittedAt - a.submittedAt)[0]?.part?.group
  return group === undefined ? [] : partsOf(state, group)
}

/** The same after asking the leader for what this peer may not have heard of yet. Throws NO_LEADER or DEADLINE_EXCEEDED where that cannot be known. */
export async function findFreshWorkload(context: Context, wanted: string, signal: AbortSignal): Promise<Workload> {
  await refresh(context, signal)
  return beforeDenial(context, () => findWorkload(context, wanted), signal)
}

/** A peer that is behind, since it has joined or was restarted a moment ago, must not deny what it has not heard of yet. Throws as findFreshWorkload does. */
export async function beforeDenial<T>(
  context: Pick<Context, 'control' | 'clock' | 'isSettled'>,
  look: () => T,
  signal: AbortSignal,
): Promise<T> {
  return orLater(context, look, signal, denials)
}

const denials = [
  ...(['WORKLOAD_NOT_FOUND', 'NODE_NOT_FOUND', 'DEPLOYMENT_NOT_FOUND', 'SERVICE_NOT_FOUND'] as const),
  ...(['SECRET_NOT_FOUND', 'CONFIG_NOT_FOUND', 'INGRESS_NOT_FOUND', 'NETWORK_POLICY_NOT_FOUND'] as const),
  ...(['JOB_NOT_FOUND', 'CRON_NOT_FOUND', 'WORKFLOW_NOT_FOUND'] as const),
]
const refusals = ['AUTH_FAILED', 'PERMISSION_DENIED'] as const

/** The same, also for what the caller may do: whom another member vouches for, it may have heard of before. */
export const heard = <T>(
  context: Pick<Context, 'control' | 'clock' | 'isSettled'>,
  look: () => T,
  { caller, signal }: Pick<Call, 'caller' | 'signal'>,
): T | Promise<T> => orLater(context, look, signal, caller.via === undefined ? denials : [...denials, ...refusals])

/** At once where there is nothing to wait for. */
function orLater<T>(
  { control, clock, isSettled }: Pick<Context, 'control' | 'clock' | 'isSettled'>,
  look: () => T,
  signal: AbortSignal,
  codes: readonly FailureCode[],
): T | Promise<T> {
  try {
    return look()
  } catch (error) {
    if (isSettled === true || !codes.some((code) => ClawError.is(error, code))) throw error
    return within(clock, denialPatience, signal, (limited) => control.fresh('linearizable', limited)).then(look)
  }
}

const begins = <T extends { readonly id: string }>(all: readonly T[], start: string): readonly T[] =>
  start.length < shortest ? [] : all.filter(({ id }) => id.startsWith(start))

/** Peer ids all begin alike, so people also tell them apart by their last characters. */
const ends = <T extends { readonly id: string }>(all: readonly T[], end: string): readonly T[] =>
  end.length < shortest ? [] : all.filter(({ id }) => id.endsWith(end))

interface Called {
  readonly id: string
  readonly name: string
}

/** What is called or begins like this. Throws AMBIGUOUS_NAME when that fits several. */
export const called = <T extends Called>(all: readonly T[], wanted: string): T | undefined =>
  theOne(
    [all.filter(({ id }) => id === wanted), all.filter(({ name }) => name === wanted), begins(all, wanted)],
    wanted,
  )

/** Most candidates that are named. */
const mostNamed = 8

function theOne<T extends Called>(candidates: readonly (readonly T[])[], wanted: string): T | undefined {
  const fitting = candidates.find(({ length }) => length > 0) ?? []
  if (fitting.length <= 1) return fitting[0]
  const named = fitting.slice(0, mostNamed).map(({ id, name }) => `${name} (${id})`)
  const more = fitting.length - named.length
  throw new ClawError('AMBIGUOUS_NAME', {
    wanted,
    candidates: [...named, ...(more > 0 ? [`one of ${more} more`] : [])].join(', or '),
  })
}

/** Only the newest are looked at: finding a likeness takes time, and a typo is about what one has at hand. */
const mostCompared = 500

function nearTo(wanted: string, all: readonly Called[]): { readonly near?: string } {
  const near = closest(
    wanted,
    all.slice(-mostCompared).map(({ name }) => name),
  )
  return near === null ? {} : { near }
}
