/** Who may come in: tokens for hosts, keys for operators. */
import { z } from 'zod'
import type { Command } from '../core/state/types.ts'
import { builtInRoles } from '../core/access/roles.ts'
import { workerRole } from '../core/access/standing.ts'
import { roleName } from '../model/access.ts'
import { nodeId } from '../model/ids.ts'
import { labelName } from '../model/label.ts'
import { ClawError } from '../model/failure.ts'
import { namespaceName } from '../model/namespace.ts'
import type { Millis } from '../model/time.ts'
import { hour } from '../model/time.ts'
import { carryOut, changePatience } from './carry-out.ts'
import { operatorKey } from './auth/operator-key.ts'
import { everything, mayGive } from './auth/user.ts'
import type { OperationContext } from './context.ts'
import { within } from './deadline.ts'
import { iso, noInput, spanOf, time } from './fields.ts'
import { called, refresh } from './find.ts'
import type { Call, Caller } from './operation.ts'
import { unary } from './operation.ts'

/** A token is meant to be used at once; one that lies about is a risk. */
const longestTtl = 30 * 24 * hour

/** What a node can be: one that is trusted to speak for its users and to lead, or one that only works. */
const nodeRole = z.enum(['member', workerRole], {
  error: 'there is no such role of a node; there are member and worker',
})

export const tokenCreate = unary({
  name: 'token.create',
  about: 'Make a token that lets one host join the mesh, once.',
  input: z.strictObject({
    ttl: z.string().max(32).default('1h').describe('How long it can be used: 10m, 1h, 7d; at most 30d'),
    roles: z.array(nodeRole).max(16).default([]).describe('Roles that the node gets'),
    labels: z.record(labelName, z.string().max(256)).default({}).describe('Labels that the node gets'),
  }),
  output: z.object({ token: z.string(), expiresAt: time }),
  permission: { verb: 'create', resource: 'token' },
  lasting: () => 'right',
  rest: { method: 'POST', path: '/api/tokens' },
  async handler({ ttl, roles, labels }, context, { caller, signal, requireAll }) {
    // A node is worth what its root and those who ask it can do.
    requireAll(roles.includes(workerRole) ? builtInRoles.viewer.rules : everything, null)
    const span = endingWith(caller, spanOf(ttl, 'ttl'), context)
    if (span > longestTtl) throw new ClawError('INVALID_REQUEST', { problem: 'a token lives 30d at most' })
    const { token, notAfter } = await within(context.clock, changePatience, signal, (limited) => {
      const commit = (command: Command) => carryOut('token', command, { context, caller, signal: limited })
      return context.createToken({ ttl: span, roles, labels, by: caller.id, commit }, limited)
    })
    return { token, expiresAt: iso(notAfter) }
  },
})

/** Of an API key, no longer than the key itself is good. */
function endingWith({ identity }: Caller, span: Millis, { control, clock }: OperationContext): Millis {
  const key = identity.kind === 'apikey' ? control.state.apikeys.get(identity.key) : undefined
  return key === undefined ? span : Math.max(1, Math.min(span, key.expiresAt - clock.now()))
}

const OperatorView = z.object({ key: z.string(), name: z.string(), addedAt: time })

export const operatorAdd = unary({
  name: 'operator.add',
  about: 'Let the holder of a key attach to any peer from outside.',
  input: z.strictObject({
    key: operatorKey,
    name: z.string().min(1).max(64).describe('Of the operator; the key of a user may do what the user may'),
    role: roleName
      .optional()
      .describe('The role of a new user of that name; without one, an operator may do everything'),
    namespace: namespaceName.optional().describe('Where the role counts; everywhere when left out'),
  }),
  output: OperatorView,
  permission: { verb: 'create', resource: 'operator' },
  lasting: () => 'credential',
  rest: { method: 'POST', path: '/api/operators' },
  async handler({ key, name, role, namespace = null }, context, { caller, signal, requireAll }) {
    const { control, clock } = context
    const { users, operators } = control.state
    const isKnown = users.has(name) || [...operators.values()].some((operator) => operator.name === name)
    if (role === undefined || isKnown) mayLetIn(name, { context, requireAll })
    if (role !== undefined) {
      const binding = { role, namespace }
      mayGive(binding, { context, requireAll })
      if (!users.has(name)) await carryOut('user', { type: 'create-user', name }, { context, caller, signal })
      await carryOut('user', { type: 'bind-role', user: name, binding }, { context, caller, signal })
    }
    await carryOut('operator', { type: 'add-operator', key: nodeId(key), name }, { context, caller, signal })
    return { key, name, addedAt: iso(control.state.operators.get(nodeId(key))?.addedAt ?? clock.now()) }
  },
})

/** Nobody lets a key in that may do more than they. */
function mayLetIn(
  name: string,
  { context, requireAll }: { readonly context: OperationContext } & Pick<Call, 'requireAll'>,
): void {
  const user = context.control.state.users.get(name)
  if (user === undefined) requireAll(everything, null)
  for (const binding of user?.bindings ?? []) mayGive(binding, { context, requireAll })
}

export const operatorList = unary({
  name: 'operator.list',
  about: 'List the keys that may attach from outside.',
  input: noInput,
  output: z.array(OperatorView),
  permission: { verb: 'read', resource: 'operator' },
  rest: { method: 'GET', path: '/api/operators' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.operators.values()].map(({ key, name, addedAt }) => ({
      ...{ key, name },
      addedAt: iso(addedAt),
    }))
  },
})

export const operatorRemove = unary({
  name: 'operator.remove',
  about: 'Let a key attach no more. It is named by its id or by the operator’s name.',
  input: z.strictObject({ operator: z.string().min(1).max(128) }),
  output: z.object({ key: z.string(), name: z.string(), removed: z.boolean() }),
  permission: { verb: 'remove', resource: 'operator' },
  rest: { method: 'DELETE', path: '/api/operators/:operator' },
  async handler({ operator: wanted }, context, { caller, signal }) {
    await refresh(context, signal)
    const { control } = context
    const operators = [...control.state.operators.values()].map((one) => ({ ...one, id: one.key }))
    const operator = called(operators, wanted)
    if (operator === undefined) throw new ClawError('INVALID_REQUEST', { problem: `no operator is called ${wanted}` })
    await carryOut('operator', { type: 'remove-operator', key: operator.key }, { context, caller, signal })
    return { key: operator.key, name: operator.name, removed: true }
  },
})
