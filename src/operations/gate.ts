/**
 * The one gate in front of every handler: the input as the schema makes it, for a caller who may. What the caller may is read from the
 * replicated state of the peer that asks here, each time; the peer that runs the operation has the last word.
 */
import type { Decision, Standing } from '../core/access/decide.ts'
import { covers, isConceivable, judge, permissionText } from '../core/access/decide.ts'
import { leastRole } from '../core/access/roles.ts'
import { isStranger, isWorker, standingOf, unknownHere } from '../core/access/standing.ts'
import { deepest, isNestedDeeper } from '../lib/nesting.ts'
import type { Permission } from '../model/access.ts'
import { ClawError, isClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { OperationContext } from './context.ts'
import { parseInput } from './input.ts'
import { refuseLasting } from './lasting.ts'
import type { Call, Caller, Operation } from './operation.ts'
import { allWork, mayReadAll, scoped } from './scoped.ts'

/** What the caller is worth, as it was looked at last. What a handler was given goes by it for as long as it goes on. */
interface Worth {
  now: Standing
}

/** Somebody who has come as far as the gate, with what they want. */
export interface Entrant {
  readonly operation: Operation
  /** As the schema makes it. */
  readonly input: unknown
  readonly worth: Worth
  /** The mesh as it is. */
  readonly base: OperationContext
  /** What they may see of it. */
  readonly context: OperationContext
}

type Rights = Pick<Call, 'standing' | 'user' | 'may' | 'sees' | 'require' | 'requireAll'>

/** What can be said before anything is waited for. Throws INVALID_REQUEST, AUTH_FAILED, and PERMISSION_DENIED where nothing could make it right. */
export function enter(operation: Operation, raw: unknown, caller: Caller, context: OperationContext): Entrant {
  if (isNestedDeeper(raw, deepest))
    throw new ClawError('INVALID_REQUEST', { problem: `it is nested more than ${deepest} deep` })
  const input: unknown = parseInput(operation.input, raw)
  const { name, permission, isLocal } = operation
  const worth = { now: standingHere(caller, context) }
  if (isLocal === true && !isHere(caller))
    throw new ClawError('PERMISSION_DENIED', { action: `use ${name} but through the Unix socket on the host itself` })
  if (!isConceivable(worth.now, permission)) throw denied(permission, null, worth.now)
  refuseLasting(operation, input, { ...context, caller })
  return { operation, input, worth, base: context, context: scoped(context, () => worth.now) }
}

/** The same with what is known of the caller, and of the mesh, by now. Throws AUTH_FAILED. */
export function again(entrant: Entrant, caller: Caller, base = entrant.base): Entrant {
  const worth = { now: standingHere(caller, base) }
  return { ...entrant, worth, base, context: scoped(base, () => worth.now) }
}

const isHere = ({ identity, via }: Caller): boolean => identity.kind === 'socket' && via === undefined

/** What the caller is worth now. Throws AUTH_FAILED, and NO_LEADER where this peer knows nobody yet. */
export function standingHere(
  caller: Caller,
  { control, clock, self }: Pick<OperationContext, 'control' | 'clock' | 'self'>,
): Standing {
  const standing = standingOf(control.state, caller, { at: clock.now(), self })
  if (isStranger(standing)) throw unknownHere(control.state, self, standing.problem)
  return standing
}

/** What has come through both halves. */
export interface Passed {
  /** The mesh as the handler is to see it. */
  readonly context: OperationContext
  /** What was asked. */
  readonly wanted: readonly Permission[]
  /** The namespace in which it was asked; left out where it was allowed wherever that is. */
  readonly place?: string | null
}

const isAllowed = (
  { operation, context }: Entrant,
  standing: Standing,
  one: Permission,
  namespace: string | null,
): boolean => {
  const node = operation.where === undefined ? undefined : context.self
  return judge(standing, { ...one, namespace, node }).isAllowed
}

/**
 * To be asked on the peer that runs it, before anything happens. Returns the mesh as the handler is to see it: where it was looked at in
 * which namespace the caller may do this, only the namespaces where they may, so that what was checked is all that can be acted on.
 * Throws PERMISSION_DENIED, and the NOT_FOUND of what the caller may not see.
 */
export function pass(entrant: Entrant): Passed {
  const { operation, input, worth, base, context } = entrant
  const { permission, isScoped } = operation
  const wanted = [permission, ...(operation.needs?.(input, context) ?? [])]
  const mayAll = (namespace: string | null): boolean =>
    wanted.every((one) => isAllowed(entrant, worth.now, one, namespace))
  // Who may do it everywhere need not be asked where.
  if (mayAll(null)) return { context, wanted }
  if (isScoped === true && wanted.length === 1) return { context: scoped(base, () => worth.now, mayAll), wanted }
  const place = operation.namespace?.(input, context) ?? null
  for (const one of wanted) if (!isAllowed(entrant, worth.now, one, place)) throw denied(one, place, worth.now)
  return { context: scoped(base, () => worth.now, mayAll), wanted, place }
}

/**
 * How to ask again while it goes on; without `passed`, on a peer that only hands it on. Throws AUTH_FAILED, and PERMISSION_DENIED also
 * when a handler that looks at all work no longer may.
 */
export function lookAgain(entrant: Entrant, caller: Caller, passed?: Passed): () => void {
  const { operation, base, worth } = entrant
  const { permission, isScoped, kind } = operation
  // What a conversation is about was found when it began.
  const seesAll = passed?.context === base && kind !== 'duplex' && mayReadAll(worth.now)
  let place = passed?.place
  return () => {
    const standing = standingHere(caller, base)
    worth.now = standing
    if (!isConceivable(standing, permission)) throw denied(permission, null, standing)
    if (seesAll && !mayReadAll(standing)) throw denied(allWork, null, standing)
    if (passed === undefined) return
    place ??= placeOf(entrant)
    const lost = passed.wanted.find((one) => !isAllowed(entrant, standing, one, null))
    if (lost === undefined || (isScoped === true && passed.wanted.length === 1)) return
    for (const one of passed.wanted)
      if (!isAllowed(entrant, standing, one, place ?? null)) throw denied(one, place ?? null, standing)
  }
}

/** Undefined for what is not there any more. */
function placeOf({ operation, input, base }: Entrant): string | null | undefined {
  try {
    return operation.namespace?.(input, base) ?? null
  } catch (error) {
    if (isClawError(error)) return undefined
    throw error
  }
}

/** Whether the caller may do something, as far as this peer knows now. Throws AUTH_FAILED. */
export function mayHere(caller: Caller, context: Pick<OperationContext, 'control' | 'clock' | 'self'>): Call['may'] {
  const standing = standingHere(caller, context)
  return (permission, namespace) => judge(standing, { ...permission, namespace }).isAllowed
}

/** What a handler may ask besides. */
export function rightsOf({ permission }: Pick<Operation, 'permission'>, { worth }: Pick<Entrant, 'worth'>): Rights {
  const decided = (one: Permission, namespace: string | null): Decision => judge(worth.now, { ...one, namespace })
  return {
    ...{ standing: worth.now, user: worth.now.user },
    may: (one, namespace) => decided(one, namespace).isAllowed,
    sees: (namespace) => decided(permission, namespace).isAllowed,
    require(one, namespace) {
      if (!decided(one, namespace).isAllowed) throw denied(one, namespace, worth.now)
    },
    requireAll(rules, namespace) {
      if (covers(worth.now, rules, namespace)) return
      throw new ClawError('PERMISSION_DENIED', { action: 'hand on more than you have', missing: heldBy(worth.now) })
    },
  }
}

function denied(permission: Permission, namespace: string | null, standing: Standing): ClawError {
  const place = namespace === null ? '' : ` in ${namespace}`
  const least = leastRole(permission)
  const missing = `it takes ${permissionText(permission)}${place}, which the role ${least} has; ${heldBy(standing)}`
  return new ClawError('PERMISSION_DENIED', { action: `${inWords(permission)}${place}`, missing })
}

const mostNamed = 4

function heldBy({ who, grants, limits }: Standing): string {
  const held = grants.map(({ role, namespace }) => `${role} ${namespace === null ? 'everywhere' : `in ${namespace}`}`)
  const more = held.length - mostNamed
  const words =
    held.length === 0 ? 'no role' : [...held.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ')
  return `${who} has ${words}${limits.length === 0 ? '' : ', within narrower limits'}`
}

function inWords({ verb, resource }: Permission): string {
  const thing = `${/^[aeio]/.test(resource) ? 'an' : 'a'} ${resource}`
  if (verb === 'exec') return `run commands in ${thing}`
  if (verb === 'connect') return `connect to ${thing}`
  if (verb === 'reveal') return `see the value of ${thing}`
  return `${verb} ${thing}`
}

/**
 * The node that has to run it: the one that it names, or this. What a worker changes, the leader would not take from it: there, the
 * operation itself goes on to the leader, which finds out for itself what the caller may. Throws NO_LEADER.
 */
export function targetOf({ operation, input, context }: Entrant): NodeId {
  const { self, control } = context
  const named = operation.where?.(input, context)
  if (named !== undefined) return named
  const { kind, isLocal, permission } = operation
  const isOwn = kind !== 'unary' || isLocal === true || permission.verb === 'read'
  if (isOwn || !isWorker(control.state.members.get(self))) return self
  const { leader } = control.status()
  if (leader === null) throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
  return leader
}
