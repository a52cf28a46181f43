/** What an identity is worth: read from the replicated state, each time, and never from what a message says of it. */
import type { ApiKey, Binding, Identity, Rule, User } from '../../model/access.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Member } from '../../model/node.ts'
import type { Instant } from '../../model/time.ts'
import type { MeshState } from '../state/types.ts'
import type { Grant, Standing } from './decide.ts'
import { builtInRoles, isBuiltIn } from './roles.ts'

export type AccessState = Pick<MeshState, 'operators' | 'users' | 'roles' | 'apikeys' | 'members'>

export interface Moment {
  /** Of this peer. */
  readonly at: Instant
  /** This peer. */
  readonly self: NodeId
}

export interface Claim {
  readonly identity: Identity
  /** The members that vouch for it, the one who told this peer first; left out where this peer has found it out itself. */
  readonly via?: readonly NodeId[]
}

/** Somebody who is not let in at all, and why, in words that follow a colon. */
export interface Stranger {
  readonly problem: string
}

export const isStranger = (standing: Standing | Stranger): standing is Stranger => 'problem' in standing

/**
 * Why nobody is let in who is not known here. A peer that has joined hears only after that whom the mesh knows, and itself not before that; one
 * that was removed hears nothing more.
 */
export const unknownHere = (
  { members, removed }: Pick<MeshState, 'members' | 'removed'>,
  self: NodeId,
  reason: string,
): ClawError =>
  members.has(self) || removed.has(self)
    ? new ClawError('AUTH_FAILED', { reason })
    : new ClawError('NO_LEADER', { detail: 'this peer has yet to hear whom its mesh knows' })

const everywhere = { namespaces: ['*'] } as const
const builtIn = (role: keyof typeof builtInRoles): Grant => ({ role, rules: builtInRoles[role].rules, namespace: null })

const admin = builtIn('admin')
const viewer = builtIn('viewer')
const proxy: Grant = {
  role: 'service',
  rules: [{ ...everywhere, verbs: ['connect'], resources: ['service'] }],
  namespace: null,
}

/** The role of a node that only works: what its root, and what it says that others asked, is worth. */
export const workerRole = 'worker'

export const isWorker = (member: Pick<Member, 'roles'> | undefined): boolean =>
  member !== undefined && member.roles.includes(workerRole)

/**
 * What a node is trusted with besides what signs for itself. One that this peer has not heard of may be a worker, and is trusted with
 * nothing until it has; itself it need not have heard of.
 */
function grantsOfNode({ members }: Pick<AccessState, 'members'>, node: NodeId, self: NodeId): readonly Grant[] {
  const member = members.get(node)
  if (member === undefined && node !== self) return []
  if (!isWorker(member)) return [admin]
  const own: readonly Rule[] = [
    { ...everywhere, verbs: ['invoke'], resources: ['node'] },
    { ...everywhere, verbs: ['create', 'remove'], resources: ['image'] },
  ]
  return [viewer, proxy, { role: `${workerRole} ${node}`, rules: own, namespace: null, node }]
}

/** What they may do who claim to be this, or why they are not let in. */
export function standingOf(
  state: AccessState,
  { identity, via = [] }: Claim,
  { at, self }: Moment,
): Standing | Stranger {
  const limits = via.map((node) => grantsOfNode(state, node, self))
  switch (identity.kind) {
    case 'socket':
    case 'token': {
      const what = identity.kind === 'socket' ? 'the socket' : 'the API token'
      const host = via.at(-1)
      const who = `${what} of ${host === undefined ? 'this host' : (state.members.get(host)?.name ?? host)}`
      return { who, user: null, grants: grantsOfNode(state, host ?? self, self), limits }
    }
    case 'reader':
      return { who: 'the socket for readers', user: null, grants: [viewer], limits }
    case 'service':
      return { who: 'a service of the mesh', user: null, grants: [proxy], limits }
    case 'operator':
      return operatorStanding(state, identity.key, limits)
    case 'user':
      return userStanding(state, identity.user, limits)
    case 'apikey':
      return keyStanding(state, identity.key, { at, limits })
  }
}

type Limits = Standing['limits']

/** An operator of whom nothing else is known may do everything, as it always was; one who is a user, what the user may. */
function operatorStanding(state: AccessState, key: NodeId, limits: Limits): Standing | Stranger {
  const operator = state.operators.get(key)
  if (operator === undefined)
    return { problem: 'this key is not one of the mesh’s operators; see `clawbernetes operator add`' }
  const { name } = operator
  if (!state.users.has(name)) return { who: name, user: name, grants: [admin], limits }
  return userStanding(state, name, limits)
}

function userStanding(state: AccessState, name: string, limits: Limits): Standing | Stranger {
  const user = state.users.get(name)
  if (user === undefined) return { problem: `there is no user ${name.slice(0, 64)}` }
  if (user.disabled) return { problem: `the user ${name} is disabled` }
  return { who: name, user: name, grants: grantsOf(state, user), limits }
}

const grantsOf = (state: AccessState, { bindings }: User): readonly Grant[] =>
  bindings.flatMap((binding) => grantOf(state, binding) ?? [])

/** Null for a role that there is not. */
function grantOf({ roles }: Pick<AccessState, 'roles'>, { role, namespace }: Binding): Grant | null {
  const rules = isBuiltIn(role) ? builtInRoles[role].rules : roles.get(role)?.rules
  return rules === undefined ? null : { role, rules, namespace }
}

interface KeyAround {
  readonly at: Instant
  readonly limits: Limits
}

function keyStanding(state: AccessState, id: string, { at, limits }: KeyAround): Standing | Stranger {
  const key = state.apikeys.get(id)
  const problem = problemOfKey(key, at)
  if (key === undefined || problem !== null) return { problem: problem ?? 'it is not known' }
  const owner = ownerStanding(state, key)
  if (isStranger(owner)) return owner
  const scoped: Grant = { role: key.id, rules: key.scopes, namespace: key.namespace }
  return { who: `the API key ${key.id}`, user: key.user, grants: owner.grants, limits: [...limits, [scoped]] }
}

/** Of the user whose key it is; whoever made it without a name was an administrator. */
function ownerStanding(state: AccessState, { user }: ApiKey): Standing | Stranger {
  if (user === null) return { who: 'an administrator', user, grants: [admin], limits: [] }
  const isLegacy = !state.users.has(user) && [...state.operators.values()].some(({ name }) => name === user)
  return isLegacy ? { who: user, user, grants: [admin], limits: [] } : userStanding(state, user, [])
}

/** Why a key lets nobody in; null when it does. */
export function problemOfKey(key: ApiKey | undefined, at: Instant): string | null {
  if (key === undefined) return 'the mesh does not know this API key'
  if (key.revokedAt !== null) return `the API key ${key.id} was revoked`
  return key.expiresAt <= at ? `the API key ${key.id} has expired` : null
}
