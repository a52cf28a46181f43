/** Who may come in: tokens for hosts, keys for operators. */
import { z } from 'zod'
import { nodeId } from '../model/ids.ts'
import { labelName } from '../model/label.ts'
import { ClawError } from '../model/failure.ts'
import { hour } from '../model/time.ts'
import { carryOut, changePatience } from './carry-out.ts'
import { within } from './deadline.ts'
import { iso, noInput, spanOf, time } from './fields.ts'
import { called, refresh } from './find.ts'
import { unary } from './operation.ts'

/** A token is meant to be used at once; one that lies about is a risk. */
const longestTtl = 30 * 24 * hour

/** What a node can be. More than membership is not known yet, and a role that means nothing would be a promise. */
const nodeRole = z.enum(['member'], { error: 'there is no such role of a node; there is only member' })

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
  rest: { method: 'POST', path: '/api/tokens' },
  async handler({ ttl, roles, labels }, context, { caller, signal }) {
    const span = spanOf(ttl, 'ttl')
    if (span > longestTtl) throw new ClawError('INVALID_REQUEST', { problem: 'a token lives 30d at most' })
    const { token, notAfter } = await within(context.clock, changePatience, signal, (limited) =>
      context.createToken({ ttl: span, roles, labels, by: caller.id }, limited),
    )
    return { token, expiresAt: iso(notAfter) }
  },
})

const operatorKey = z
  .string()
  .regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, 'must be an operator’s id, as `clawbernetes operator key` prints it')

const OperatorView = z.object({ key: z.string(), name: z.string(), addedAt: time })

export const operatorAdd = unary({
  name: 'operator.add',
  about: 'Let the holder of a key attach to any peer from outside.',
  input: z.strictObject({ key: operatorKey, name: z.string().min(1).max(64) }),
  output: OperatorView,
  permission: { verb: 'create', resource: 'operator' },
  rest: { method: 'POST', path: '/api/operators' },
  async handler({ key, name }, context, { caller, signal }) {
    const { control, clock } = context
    await carryOut('operator', { type: 'add-operator', key: nodeId(key), name }, { context, caller, signal })
    return { key, name, addedAt: iso(control.state.operators.get(nodeId(key))?.addedAt ?? clock.now()) }
  },
})

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
