/** Users: people and programs, what roles they have, and whether they are let in. */
import { z } from 'zod'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { Binding, Login, Rule } from '../../model/access.ts'
import { roleName, userName } from '../../model/access.ts'
import { nodeId } from '../../model/ids.ts'
import { namespaceName } from '../../model/namespace.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { isoOrNull, noInput } from '../fields.ts'
import { refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { operatorKey } from './operator-key.ts'
import { rulesOfRole } from './rules.ts'

export const BindingView = z.object({
  role: z.string(),
  namespace: z.string().nullable().describe('Null for everywhere'),
})

const UserView = z.object({
  name: z.string(),
  roles: z.array(BindingView),
  disabled: z.boolean(),
  keys: z.array(z.string()).describe('Ids of operator keys'),
  apikeys: z.array(z.string()).describe('Ids of API keys that are good still'),
  login: z
    .object({ issuer: z.string(), subject: z.string() })
    .nullable()
    .describe('Who at which identity provider logs in as this user; null for nobody'),
  createdAt: z.string().nullable().describe('ISO 8601; null of an operator who has been given no role'),
})
type UserView = z.infer<typeof UserView>

const login = {
  issuer: z.url().max(256).describe('The identity provider, as `oidc.issuer` names it'),
  subject: z.string().min(1).max(256).describe('What the provider calls them: `sub` of their ID token'),
}
/** Operators of old may be called anything. */
const known = z.string().min(1).max(128).describe('Name of the user')
const user = { user: known }
const roleOf = {
  role: roleName.describe('Name of a role, such as viewer'),
  namespace: namespaceName.optional().describe('Only in this namespace; everywhere when left out'),
}

export const userCreate = unary({
  name: 'user.create',
  about: 'Make a user, who may do nothing yet but what a role says that comes along.',
  input: z.strictObject({
    user: userName,
    role: roleOf.role.optional(),
    namespace: roleOf.namespace,
    key: operatorKey.optional().describe('Id of the user’s operator key, as `clawbernetes operator key` prints it'),
    issuer: login.issuer.optional(),
    subject: login.subject.optional(),
  }),
  output: UserView,
  permission: { verb: 'create', resource: 'user' },
  lasting: ({ key, issuer }) => (key === undefined && issuer === undefined ? 'right' : 'credential'),
  rest: { method: 'POST', path: '/api/users' },
  async handler({ user: name, role, namespace = null, key, issuer, subject }, context, call) {
    const linked = loginIn({ issuer, subject })
    const asker = { context, ...call }
    if (role !== undefined) mayGive({ role, namespace }, asker)
    if (key !== undefined) call.require({ verb: 'create', resource: 'operator' }, null)
    // An operator who is no user may do everything, and would lose that.
    const isOperator = [...context.control.state.operators.values()].some((operator) => operator.name === name)
    if (isOperator) call.requireAll(everything, null)
    await carryOut('user', { type: 'create-user', name, ...(linked !== null && { login: linked }) }, asker)
    if (role !== undefined)
      await carryOut('user', { type: 'bind-role', user: name, binding: { role, namespace } }, asker)
    // Last: a key is worth what its user may by then.
    if (key !== undefined) await carryOut('operator', { type: 'add-operator', key: nodeId(key), name }, asker)
    return viewOf(name, context)
  },
})

export const userList = unary({
  name: 'user.list',
  about: 'List the users, and operators who are none: these may do everything.',
  input: noInput,
  output: z.array(UserView),
  permission: { verb: 'read', resource: 'user' },
  rest: { method: 'GET', path: '/api/users' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    const { users, operators } = context.control.state
    const names = new Set([...users.keys(), ...Array.from(operators.values(), ({ name }) => name)])
    return [...names].toSorted().map((name) => viewOf(name, context))
  },
})

export const userInfo = unary({
  name: 'user.info',
  about: 'Show one user: roles, keys, and whether they are let in.',
  input: z.strictObject(user),
  output: UserView,
  permission: { verb: 'read', resource: 'user' },
  rest: { method: 'GET', path: '/api/users/:user' },
  async handler({ user: name }, context, { signal }) {
    await refresh(context, signal)
    return viewOf(name, context)
  },
})

export const userAssign = unary({
  name: 'user.assign',
  about:
    'Give a user a role, in a namespace or everywhere. An operator who had none could do everything, and from then on what the role says. Nobody can give more than they have.',
  input: z.strictObject({ ...user, ...roleOf }),
  output: UserView,
  permission: { verb: 'change', resource: 'user' },
  lasting: () => 'right',
  rest: { method: 'POST', path: '/api/users/:user/roles' },
  async handler({ user: name, role, namespace = null }, context, call) {
    const binding = { role, namespace }
    mayGive(binding, { context, ...call })
    await carryOut('user', { type: 'bind-role', user: name, binding }, { context, ...call })
    return viewOf(name, context)
  },
})

export const userUnassign = unary({
  name: 'user.unassign',
  about: 'Take a role from a user.',
  input: z.strictObject({ ...user, ...roleOf }),
  output: UserView,
  permission: { verb: 'change', resource: 'user' },
  rest: { method: 'DELETE', path: '/api/users/:user/roles/:role' },
  async handler({ user: name, role, namespace = null }, context, call) {
    const command = { type: 'unbind-role', user: name, binding: { role, namespace } } as const
    await carryOut('user', command, { context, ...call })
    return viewOf(name, context)
  },
})

export const userLink = unary({
  name: 'user.link',
  about:
    'Say who at an identity provider logs in as a user. Nobody logs in as a user that was made here until this was said; from then on no other does.',
  input: z.strictObject({ ...user, ...login }),
  output: UserView,
  permission: { verb: 'change', resource: 'user' },
  lasting: () => 'credential',
  rest: { method: 'POST', path: '/api/users/:user/login' },
  async handler({ user: name, issuer, subject }, context, call) {
    const { users } = context.control.state
    // Whoever says who somebody is may do what they may.
    for (const binding of users.get(name)?.bindings ?? []) mayGive(binding, { context, ...call })
    await carryOut('user', { type: 'link-user', name, login: { issuer, subject } }, { context, ...call })
    return viewOf(name, context)
  },
})

export const userDisable = unary({
  name: 'user.disable',
  about: 'Let a user in no more, whatever they have: keys, API keys, logins. Roles and keys stay, for `user.enable`.',
  input: z.strictObject(user),
  output: UserView,
  permission: { verb: 'change', resource: 'user' },
  rest: { method: 'POST', path: '/api/users/:user/disable' },
  handler: ({ user: name }, context, call) => setUser(name, true, { context, call }),
})

export const userEnable = unary({
  name: 'user.enable',
  about: 'Let a user in again who was disabled.',
  input: z.strictObject(user),
  output: UserView,
  permission: { verb: 'change', resource: 'user' },
  lasting: () => 'right',
  rest: { method: 'POST', path: '/api/users/:user/enable' },
  handler: ({ user: name }, context, call) => setUser(name, false, { context, call }),
})

export const userDelete = unary({
  name: 'user.delete',
  about: 'Forget a user, with all operator keys and API keys of theirs. Their work stays.',
  input: z.strictObject(user),
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'user' },
  rest: { method: 'DELETE', path: '/api/users/:user' },
  async handler({ user: name }, context, { caller, signal }) {
    await carryOut('user', { type: 'remove-user', name }, { context, caller, signal })
    return { name, deleted: true }
  },
})

/** Throws INVALID_REQUEST where only one of them is said. */
function loginIn({ issuer, subject }: { issuer?: string | undefined; subject?: string | undefined }): Login | null {
  if (issuer === undefined && subject === undefined) return null
  if (issuer !== undefined && subject !== undefined) return { issuer, subject }
  throw new ClawError('INVALID_REQUEST', { problem: 'issuer and subject belong together' })
}

interface Around {
  readonly context: OperationContext
  readonly call: Pick<Call, 'caller' | 'signal' | 'requireAll'>
}

/** Whom a rule was taken from by disabling them, only those may give it back who have it. */
async function setUser(name: string, disabled: boolean, { context, call }: Around): Promise<UserView> {
  const { users } = context.control.state
  if (!disabled) for (const binding of users.get(name)?.bindings ?? []) mayGive(binding, { context, ...call })
  // An operator who is no user yet becomes one, who may do the same as before.
  const admin = { type: 'bind-role', user: name, binding: { role: 'admin', namespace: null } } as const
  if (disabled && !users.has(name)) await carryOut('user', admin, { context, ...call })
  await carryOut('user', { type: 'set-user', name, disabled }, { context, ...call })
  return viewOf(name, context)
}

/** Throws PERMISSION_DENIED and ROLE_NOT_FOUND. */
export function mayGive(
  { role, namespace }: Binding,
  { context, requireAll }: { readonly context: OperationContext } & Pick<Call, 'requireAll'>,
): void {
  requireAll(rulesOfRole(role, context.control.state.roles), namespace)
}

export const everything: readonly Rule[] = [{ verbs: ['*'], resources: ['*'], namespaces: ['*'] }]

/** Throws USER_NOT_FOUND. */
function viewOf(name: string, { control, clock }: OperationContext): UserView {
  const { state } = control
  const found = state.users.get(name)
  const keys = keysOf(state, name)
  if (found === undefined && keys.length === 0) throw new ClawError('USER_NOT_FOUND', { user: name })
  const good = [...state.apikeys.values()].filter(
    ({ user: owner, revokedAt, expiresAt }) => owner === name && revokedAt === null && expiresAt > clock.now(),
  )
  return {
    name,
    roles: (found?.bindings ?? [{ role: 'admin', namespace: null }]).map((binding) => ({ ...binding })),
    disabled: found?.disabled ?? false,
    keys,
    apikeys: good.map(({ id }) => id),
    login: found?.login ?? null,
    createdAt: isoOrNull(found?.createdAt ?? null),
  }
}

const keysOf = ({ operators }: Pick<MeshState, 'operators'>, user: string): string[] =>
  [...operators.values()].filter(({ name }) => name === user).map(({ key }) => key)
