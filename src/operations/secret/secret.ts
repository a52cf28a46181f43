/** Secrets of the mesh: told once, then known only to the work that is given them. */
import { z } from 'zod'
import type { Secret, SecretVersion } from '../../model/secret.ts'
import { inNamespace } from '../../model/secret.ts'
import { ClawError } from '../../model/failure.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { idempotencyKey } from '../fields.ts'
import { refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import {
  findSecret,
  named,
  namespace,
  namespaceIn,
  policyFields,
  policyOf,
  rotationFields,
  rotationOf,
  secretIn,
  valueFields,
  valueKeys,
  valueOf,
} from './secret-fields.ts'
import { vaultRenewed } from './renewal.ts'
import { historyOf, SecretHistory, SecretView, secretView } from './secret-view.ts'

const key = idempotencyKey.optional().describe('The same key by the same caller does it once')

export const secretCreate = unary({
  name: 'secret.create',
  about:
    'Give the mesh a secret to keep. Nobody sees the value again but the work that is given it, and whoever may have it told.',
  input: z.strictObject({ ...named, ...valueFields, ...policyFields, ...rotationFields, idempotencyKey: key }),
  output: SecretView,
  permission: { verb: 'create', resource: 'secret' },
  namespace: namespaceIn,
  secretFields: valueKeys,
  rest: { method: 'POST', path: '/api/secrets' },
  async handler(input, context, { caller, signal }) {
    const { name, namespace: where, generate, rotateLength } = input
    const value = valueOf({ ...input, generate: generate ?? lengthUnless(input, rotateLength) }, context.random)
    if (value === null) throw noValue()
    await vaultRenewed(context, signal)
    const command = {
      ...{ type: 'create-secret' as const, namespace: where, name, policy: policyOf(input) },
      sealed: context.vault.seal({ namespace: where, of: { secret: name, version: 1 } }, value),
      how: input.generate === undefined ? ('created' as const) : ('generated' as const),
      rotation: rotationOf(input) ?? null,
    }
    await carryOut('secret', command, { context, caller, signal, key: input.idempotencyKey })
    return secretView(secretIn(context, input), context)
  },
})

const noValue = (): ClawError =>
  new ClawError('INVALID_REQUEST', { problem: 'it needs a value: value, valueBase64, data or generate' })

/** Whoever has the mesh make the later values may have it make the first one too. */
const lengthUnless = (input: object, length: number | undefined): number | undefined =>
  valueKeys.some((one) => (input as Readonly<Record<string, unknown>>)[one] !== undefined) ? undefined : length

export const secretSet = unary({
  name: 'secret.set',
  about:
    'Give a secret a new value, or make the secret if there is none of that name. Work takes it when it starts next.',
  input: z.strictObject({ ...named, ...valueFields, idempotencyKey: key }),
  output: SecretView,
  permission: { verb: 'change', resource: 'secret' },
  namespace: namespaceIn,
  secretFields: valueKeys,
  rest: { method: 'PATCH', path: '/api/secrets/:name' },
  async handler({ idempotencyKey: own, ...input }, context, call) {
    const value = valueOf(input, context.random)
    if (value === null) throw noValue()
    await refresh(context, call.signal)
    const found = context.control.state.secrets.get(inNamespace(input.namespace, input.name))
    if (found === undefined) {
      const { name, namespace: where } = input
      const valueBase64 = Buffer.from(value).toString('base64')
      return SecretView.parse(
        await call.invoke('secret.create', { name, namespace: where, valueBase64, idempotencyKey: own }),
      )
    }
    return replace({ found, value, how: input.generate === undefined ? 'set' : 'generated', key: own }, context, call)
  },
})

export const secretRotate = unary({
  name: 'secret.rotate',
  about:
    'Give a secret its next value: the one that is told, or one that the mesh makes, if it has been told how long.',
  input: z.strictObject({ ...named, ...valueFields, idempotencyKey: key }),
  output: SecretView,
  permission: { verb: 'change', resource: 'secret' },
  namespace: namespaceIn,
  secretFields: valueKeys,
  rest: { method: 'POST', path: '/api/secrets/:name/rotate' },
  async handler({ idempotencyKey: own, ...input }, context, call) {
    const found = await findSecret(context, input, call.signal)
    const told = valueOf(input, context.random)
    const value = told ?? valueOf({ generate: found.rotation?.generate ?? undefined }, context.random)
    if (value === null) throw noValue()
    const isMade = told === null || input.generate !== undefined
    return replace({ found, value, how: isMade ? 'generated' : 'rotated', key: own }, context, call)
  },
})

interface Replacement {
  readonly found: Secret
  readonly value: Uint8Array
  readonly how: SecretVersion['how']
  readonly key: string | undefined
}

/** A value is sealed for its number, so it counts only if nobody else was faster. */
async function replace(
  { found, value, how, key: own }: Replacement,
  context: OperationContext,
  { caller, signal }: Pick<Call, 'caller' | 'signal'>,
): Promise<SecretView> {
  const { namespace: where, name, versions } = found
  const version = Math.max(...versions.map(({ number }) => number)) + 1
  await vaultRenewed(context, signal)
  const sealed = context.vault.seal({ namespace: where, of: { secret: name, version } }, value)
  const command = { type: 'set-secret', namespace: where, name, version, sealed, how } as const
  await carryOut('secret', command, { context, caller, signal, key: own })
  return secretView(secretIn(context, found), context)
}

export const secretRollback = unary({
  name: 'secret.rollback',
  about: 'Have an earlier version of a secret given out again.',
  input: z.strictObject({ ...named, version: z.int().min(1).describe('Number of the version') }),
  output: SecretView,
  permission: { verb: 'change', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'POST', path: '/api/secrets/:name/rollback' },
  async handler({ name, namespace: where, version }, context, { caller, signal }) {
    const command = { type: 'update-secret', namespace: where, name, current: version } as const
    await carryOut('secret', command, { context, caller, signal })
    return secretView(secretIn(context, { name, namespace: where }), context)
  },
})

export const secretPolicySet = unary({
  name: 'secret.policy',
  about: 'Say which work may be given a secret, and when a new value is due. What is not said stays.',
  input: z.strictObject({ ...named, ...policyFields, ...rotationFields }),
  output: SecretView,
  permission: { verb: 'change', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'PATCH', path: '/api/secrets/:name/policy' },
  async handler(input, context, { caller, signal }) {
    const { name, namespace: where, policy: before } = await findSecret(context, input, signal)
    const isPolicy = Object.keys(policyFields).some(
      (one) => (input as Readonly<Record<string, unknown>>)[one] !== undefined,
    )
    const rotation = rotationOf(input)
    if (!isPolicy && rotation === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'it says nothing that could be changed' })
    const command = {
      ...{ type: 'update-secret' as const, namespace: where, name },
      ...(isPolicy && { policy: policyOf(input, before) }),
      ...(rotation !== undefined && { rotation }),
    }
    await carryOut('secret', command, { context, caller, signal })
    return secretView(secretIn(context, input), context)
  },
})

export const secretDelete = unary({
  name: 'secret.delete',
  about: 'Forget a secret, with all of its versions. Work that has it keeps it until it ends.',
  input: z.strictObject(named),
  output: z.object({
    name: z.string(),
    namespace: z.string(),
    deleted: z.boolean(),
    users: z.int().describe('So much work that has not ended would be given it when it starts again, which fails now'),
  }),
  permission: { verb: 'remove', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'DELETE', path: '/api/secrets/:name' },
  async handler(input, context, { caller, signal }) {
    const found = await findSecret(context, input, signal)
    const { users } = secretView(found, context)
    const { name, namespace: where } = found
    await carryOut('secret', { type: 'delete-secret', namespace: where, name }, { context, caller, signal })
    return { name, namespace: where, deleted: true, users: users.length }
  },
})

export const secretList = unary({
  name: 'secret.list',
  about: 'List the secrets of a namespace, by name.',
  input: z.strictObject({
    namespace,
    prefix: z.string().max(63).optional().describe('Only those whose names begin like this'),
  }),
  output: z.array(SecretView),
  permission: { verb: 'read', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/secrets' },
  async handler({ namespace: where, prefix = '' }, context, { signal }) {
    await refresh(context, signal)
    return [...context.control.state.secrets.values()]
      .filter(({ namespace: own, name }) => own === where && name.startsWith(prefix))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((secret) => secretView(secret, context))
  },
})

export const secretInfo = unary({
  name: 'secret.info',
  about: 'Show one secret: its versions, who may have it, and which work still has an old version.',
  input: z.strictObject(named),
  output: SecretView,
  permission: { verb: 'read', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/secrets/:name' },
  handler: async (input, context, { signal }) => secretView(await findSecret(context, input, signal), context),
})

export const secretHistory = unary({
  name: 'secret.history',
  about: 'Say what was done with a secret: by whom, when, and for which work. The newest is last.',
  input: z.strictObject(named),
  output: SecretHistory,
  permission: { verb: 'read', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'GET', path: '/api/secrets/:name/history' },
  handler: async (input, context, { signal }) => historyOf(await findSecret(context, input, signal), context),
})
