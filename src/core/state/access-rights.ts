/** Who may do what: roles, users, and API keys. */
import type { Binding, Login, User } from '../../model/access.ts'
import { mostBindings } from '../../model/access.ts'
import type { Instant } from '../../model/time.ts'
import { day } from '../../model/time.ts'
import { isBuiltIn } from '../access/roles.ts'
import type { AccessCommand } from './access-commands.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

const types: ReadonlySet<string> = new Set<AccessCommand['type']>([
  ...(['create-role', 'remove-role', 'create-user', 'link-user', 'remove-user'] as const),
  ...(['set-user', 'bind-role', 'unbind-role'] as const),
  ...(['create-apikey', 'revoke-apikey', 'rotate-apikey', 'note-apikey-use'] as const),
])

export const isOnAccess = (command: Command): command is AccessCommand => types.has(command.type)

export function carryOutOnAccess(step: Step, command: AccessCommand): Outcome {
  const outcome = carryOut(step, command)
  if (outcome.ok && command.type !== 'note-apikey-use') step.changes.push({ type: 'access' })
  return outcome
}

function carryOut(step: Step, command: AccessCommand): Outcome {
  switch (command.type) {
    case 'create-role':
      return createRole(step, command)
    case 'remove-role':
      return removeRole(step, command)
    case 'create-user':
      return createUser(step, command)
    case 'link-user':
      return linkUser(step, command)
    case 'remove-user':
      return removeUser(step, command)
    case 'set-user':
      return setUser(step, command)
    case 'bind-role':
      return bindRole(step, command)
    case 'unbind-role':
      return unbindRole(step, command)
    case 'create-apikey':
      return createKey(step, command)
    case 'revoke-apikey':
      return revokeKey(step, command)
    case 'rotate-apikey':
      return rotateKey(step, command)
    case 'note-apikey-use':
      return noteUse(step, command)
  }
}

function createRole(step: Step, { role }: CommandOf<'create-role'>): Outcome {
  const { state, at, by } = step
  const { name } = role
  if (isBuiltIn(name) || state.roles.has(name)) return refused('ROLE_EXISTS', { role: name })
  if (state.roles.size >= limits.roles) return refused('RATE_LIMITED', { who: by })
  state.roles.set(name, { ...role, createdAt: at })
  emit(step, { type: 'role.created', message: `the role ${name} was created by ${by}` })
  return accepted()
}

function removeRole(step: Step, { name }: CommandOf<'remove-role'>): Outcome {
  const { state, by } = step
  if (isBuiltIn(name)) return refused('INVALID_REQUEST', { problem: `every mesh has the role ${name}` })
  if (!state.roles.has(name)) return refused('ROLE_NOT_FOUND', { role: name })
  const users = [...state.users.values()].filter(({ bindings }) => bindings.some(({ role }) => role === name))
  const [first] = users
  if (first !== undefined) return refused('ROLE_IN_USE', { role: name, user: first.name, users: users.length })
  state.roles.delete(name)
  emit(step, { type: 'role.removed', message: `the role ${name} was removed by ${by}` })
  return accepted()
}

function createUser(step: Step, { name, login }: CommandOf<'create-user'>): Outcome {
  const { state, by } = step
  if (state.users.has(name)) return refused('USER_EXISTS', { user: name })
  const other = login === undefined ? undefined : userOfLogin(state, login)
  if (other !== undefined) return taken(other)
  if (state.users.size >= limits.users) return refused('RATE_LIMITED', { who: by })
  keep(step, { ...nobody, name, ...(login !== undefined && { login }), createdAt: step.at })
  emit(step, { type: 'user.created', message: `the user ${name} was created by ${by}` })
  return accepted()
}

function linkUser(step: Step, { name, login }: CommandOf<'link-user'>): Outcome {
  const { state, by } = step
  const user = state.users.get(name)
  if (user === undefined) return refused('USER_NOT_FOUND', { user: name })
  const other = userOfLogin(state, login)
  if (other !== undefined && other.name !== name) return taken(other)
  keep(step, { ...user, login })
  emit(step, { type: 'user.linked', message: `${by} said who logs in as ${name}: ${login.subject} of ${login.issuer}` })
  return accepted()
}

const taken = ({ name }: User): Outcome => refused('INVALID_REQUEST', { problem: `that is who logs in as ${name}` })

/** Whom somebody logs in as; undefined for who is not known. */
export const userOfLogin = ({ users }: Pick<MeshState, 'users'>, { issuer, subject }: Login): User | undefined =>
  [...users.values()].find(({ login }) => login?.issuer === issuer && login.subject === subject)

const nobody: Omit<User, 'name' | 'createdAt'> = { bindings: [], disabled: false }

const keep = ({ state }: Step, user: User): void => void state.users.set(user.name, user)

/** A key that stayed behind would belong to nobody, and so could do everything. */
function removeUser(step: Step, { name }: CommandOf<'remove-user'>): Outcome {
  const { state, changes, by } = step
  const operators = [...state.operators.values()].filter((operator) => operator.name === name)
  if (!state.users.has(name) && operators.length === 0) return refused('USER_NOT_FOUND', { user: name })
  for (const { key } of operators) {
    state.operators.delete(key)
    changes.push({ type: 'operator', key })
  }
  for (const [id, key] of state.apikeys) if (key.user === name) state.apikeys.delete(id)
  state.users.delete(name)
  emit(step, { type: 'user.removed', message: `the user ${name} was removed by ${by}` })
  return accepted()
}

function setUser(step: Step, { name, disabled }: CommandOf<'set-user'>): Outcome {
  const { state, by } = step
  const user = state.users.get(name)
  if (user === undefined) return refused('USER_NOT_FOUND', { user: name })
  keep(step, { ...user, disabled })
  const word = disabled ? 'disabled' : 'enabled'
  emit(step, { type: `user.${word}`, message: `the user ${name} was ${word} by ${by}` })
  return accepted()
}

function bindRole(step: Step, { user: name, binding }: CommandOf<'bind-role'>): Outcome {
  const { state, at, by } = step
  const { role } = binding
  if (!isBuiltIn(role) && !state.roles.has(role)) return refused('ROLE_NOT_FOUND', { role })
  const isOperator = [...state.operators.values()].some((operator) => operator.name === name)
  const user = state.users.get(name) ?? (isOperator ? { ...nobody, name, createdAt: at } : undefined)
  if (user === undefined) return refused('USER_NOT_FOUND', { user: name })
  if (!state.users.has(name) && state.users.size >= limits.users) return refused('RATE_LIMITED', { who: by })
  const others = user.bindings.filter((one) => !isSame(one, binding))
  if (others.length >= mostBindings) return refused('RATE_LIMITED', { who: by })
  keep(step, { ...user, bindings: [...others, binding] })
  emit(step, { type: 'user.role', message: `${by} gave ${name} the role ${role} ${placeOf(binding)}` })
  return accepted()
}

function unbindRole(step: Step, { user: name, binding }: CommandOf<'unbind-role'>): Outcome {
  const { state, by } = step
  const user = state.users.get(name)
  if (user === undefined) return refused('USER_NOT_FOUND', { user: name })
  const bindings = user.bindings.filter((one) => !isSame(one, binding))
  if (bindings.length === user.bindings.length)
    return refused('INVALID_REQUEST', { problem: `${name} has no role ${binding.role} ${placeOf(binding)}` })
  keep(step, { ...user, bindings })
  emit(step, { type: 'user.role', message: `${by} took the role ${binding.role} ${placeOf(binding)} from ${name}` })
  return accepted()
}

const isSame = (a: Binding, b: Binding): boolean => a.role === b.role && a.namespace === b.namespace

const placeOf = ({ namespace }: Binding): string => (namespace === null ? 'everywhere' : `in ${namespace}`)

/** What has ended is shown for so long. */
const remembered = 7 * day

function createKey(step: Step, { key }: CommandOf<'create-apikey'>): Outcome {
  const { state, at, by } = step
  if (state.apikeys.has(key.id)) return refused('INVALID_REQUEST', { problem: `there is an API key ${key.id} already` })
  if (key.user !== null && !isSomebody(state, key.user)) return refused('USER_NOT_FOUND', { user: key.user })
  if (key.expiresAt <= at) return refused('INVALID_REQUEST', { problem: 'the key would have expired already' })
  for (const [id, { expiresAt, revokedAt }] of state.apikeys)
    if (Math.min(expiresAt, revokedAt ?? expiresAt) + remembered < at) state.apikeys.delete(id)
  if (key.user !== null && !makeRoomFor(state, key.user, at))
    return refused('APIKEYS_FULL', { user: key.user, limit: limits.apikeysPerUser })
  if (state.apikeys.size >= limits.apikeys) return refused('RATE_LIMITED', { who: by })
  const unused = { previous: null, lastUsedAt: null, revokedAt: null }
  state.apikeys.set(key.id, { ...key, ...unused, createdAt: at, createdBy: by })
  emit(step, { type: 'apikey.created', message: `the API key ${key.id} was created by ${by}` })
  return accepted()
}

/** Of one user, what has ended goes before its time when there is too much. False when all are good still. */
function makeRoomFor(state: State, user: string, at: Instant): boolean {
  const own = [...state.apikeys.values()].filter((key) => key.user === user)
  if (own.length < limits.apikeysPerUser) return true
  const ended = own.find(({ expiresAt, revokedAt }) => revokedAt !== null || expiresAt <= at)
  if (ended !== undefined) state.apikeys.delete(ended.id)
  return ended !== undefined
}

const isSomebody = (state: State, name: string): boolean =>
  state.users.has(name) || [...state.operators.values()].some((operator) => operator.name === name)

/** Revoking what is revoked changes nothing. */
function revokeKey(step: Step, { id }: CommandOf<'revoke-apikey'>): Outcome {
  const { state, at, by } = step
  const key = state.apikeys.get(id)
  if (key === undefined) return refused('APIKEY_NOT_FOUND', { key: id })
  if (key.revokedAt !== null) return accepted()
  state.apikeys.set(id, { ...key, previous: null, revokedAt: at })
  emit(step, { type: 'apikey.revoked', message: `the API key ${id} was revoked by ${by}` })
  return accepted()
}

function rotateKey(step: Step, command: CommandOf<'rotate-apikey'>): Outcome {
  const { state, at, by } = step
  const { id, hash, expiresAt, previousUntil } = command
  const key = state.apikeys.get(id)
  if (key === undefined) return refused('APIKEY_NOT_FOUND', { key: id })
  if (key.revokedAt !== null) return refused('INVALID_REQUEST', { problem: `the API key ${id} was revoked` })
  // What has expired is not to come back to life by its secret of old.
  const until = Math.min(previousUntil, key.expiresAt)
  const previous = until > at ? { hash: key.hash, until } : null
  state.apikeys.set(id, { ...key, hash, previous, expiresAt })
  emit(step, { type: 'apikey.rotated', message: `the API key ${id} was given another secret by ${by}` })
  return accepted()
}

function noteUse({ state }: Step, { id, at }: CommandOf<'note-apikey-use'>): Outcome {
  const key = state.apikeys.get(id)
  if (key === undefined) return refused('APIKEY_NOT_FOUND', { key: id })
  state.apikeys.set(id, { ...key, lastUsedAt: Math.max(key.lastUsedAt ?? 0, Math.min(at, state.at)) })
  return accepted()
}

/** What was allowed in a namespace is not allowed in another of its name that may come later. */
export function forgetNamespace({ state }: Step, namespace: string): void {
  for (const [name, user] of state.users) {
    const bindings = user.bindings.filter((binding) => binding.namespace !== namespace)
    if (bindings.length < user.bindings.length) state.users.set(name, { ...user, bindings })
  }
  for (const [id, key] of state.apikeys) if (key.namespace === namespace) state.apikeys.delete(id)
}
