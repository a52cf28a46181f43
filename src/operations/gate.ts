/**
 * The one gate in front of every handler: the input as the schema makes it, for a caller who may. What the caller may is read from the
 * replicated state of the peer that asks here, each time; the peer that runs the operation has the last word.
 */
import type { Decision, Standing } from '../core/access/decide.ts'
import { covers, isConceivable, judge, permissionText } from '../core/access/decide.ts'
import { leastRole } from '../core/access/roles.ts'
import { isStranger, isWorker, standingOf } from '../core/access/standing.ts'
import { deepest, isNestedDeeper } from '../lib/nesting.ts'
import type { Permission } from '../model/access.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { OperationContext } from './context.ts'
import { parseInput } from './input.ts'
import type { Call, Caller, Operation } from './operation.ts'
import { scoped } from './scoped.ts'

/** Somebody who has come as far as the gate, with what they want. */
export interface Entrant {
  readonly operation: Operation
  /** As the schema makes it. */
  readonly input: unknown
  readonly standing: Standing
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
  const standing = standingHere(caller, context)
  if (isLocal === true && !isHere(caller))
    throw new ClawError('PERMISSION_DENIED', { action: `use ${name} but through the Unix socket on the host itself` })
  if (!isConceivable(standing, permission)) throw denied(permission, null, standing)
  return { operation, input, standing, base: context, context: scoped(context, standing) }
}

/** The same with what is known of the caller, and of the mesh, by now. Throws AUTH_FAILED. */
export function again(entrant: Entrant, caller: Caller, base = entrant.base): Entrant {
  const standing = standingHere(caller, base)
  return { ...entrant, standing, base, context: scoped(base, standing) }
}

const isHere = ({ identity, via }: Caller): boolean => identity.kind === 'socket' && via === undefined

/** What the caller is worth now. Throws AUTH_FAILED. */
export function standingHere(
  caller: Caller,
  { control, clock, self }: Pick<OperationContext, 'control' | 'clock' | 'self'>,
): Standing {
  const standing = standingOf(control.state, caller, { at: clock.now(), self })
  if (isStranger(standing)) throw new ClawError('AUTH_FAILED', { reason: standing.problem })
  return standing
}

/**
 * To be asked on the peer that runs it, before anything happens. Returns the mesh as the handler is to see it: where it was looked at in
 * which namespace the caller may do this, only the namespaces where they may, so that what was checked is all that can be acted on.
 * Throws PERMISSION_DENIED, and the NOT_FOUND of what the caller may not see.
 */
export function pass({ operation, input, standing, base, context }: Entrant): OperationContext {
  const { permission, isScoped } = operation
  const node = operation.where === undefined ? undefined : context.self
  const wanted = [permission, ...(operation.needs?.(input, context) ?? [])]
  const isAllowed = (one: Permission, namespace: string | null): boolean =>
    judge(standing, { ...one, namespace, node }).isAllowed
  // Who may do it everywhere need not be asked where.
  if (wanted.every((one) => isAllowed(one, null))) return context
  if (isScoped === true && wanted.length === 1) return context
  const namespace = operation.namespace?.(input, context) ?? null
  for (const one of wanted) if (!isAllowed(one, namespace)) throw denied(one, namespace, standing)
  return scoped(base, standing, (place) => wanted.every((one) => isAllowed(one, place)))
}

/** Whether the caller may do something, as far as this peer knows now. Throws AUTH_FAILED. */
export function mayHere(caller: Caller, context: Pick<OperationContext, 'control' | 'clock' | 'self'>): Call['may'] {
  const standing = standingHere(caller, context)
  return (permission, namespace) => judge(standing, { ...permission, namespace }).isAllowed
}

/** What a handler may ask besides. */
export function rightsOf({ permission }: Pick<Operation, 'permission'>, standing: Standing): Rights {
  const decided = (one: Permission, namespace: string | null): Decision => judge(standing, { ...one, namespace })
  return {
    ...{ standing, user: standing.user },
    may: (one, namespace) => decided(one, namespace).isAllowed,
    sees: (namespace) => decided(permission, namespace).isAllowed,
    require(one, namespace) {
      if (!decided(one, namespace).isAllowed) throw denied(one, namespace, standing)
    },
    requireAll(rules, namespace) {
      if (covers(standing, rules, namespace)) return
      throw new ClawError('PERMISSION_DENIED', { action: 'hand on more than you have', missing: heldBy(standing) })
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
