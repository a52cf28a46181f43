/** Having the value of a secret told, which few may and everybody can see. */
import { z } from 'zod'
import { scopeOf } from '../../core/vault/envelope.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { nodeId } from '../../model/ids.ts'
import type { Secret } from '../../model/secret.ts'
import { inNamespace, versionOf } from '../../model/secret.ts'
import type { SealedValue } from '../../services/vault/vault-holder.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { unary } from '../operation.ts'
import { findSecret, named, namespaceIn, secretIn } from './secret-fields.ts'

const version = z.int().min(1).optional().describe('The present one when left out')
const handed = z.object({ version: z.int(), key: z.string().describe('Lets the node that asked open the value') })

export const secretGet = unary({
  name: 'secret.get',
  about: 'Tell the value of a secret. That it was told, and to whom, is in its history.',
  input: z.strictObject({ ...named, version }),
  output: z.object({
    name: z.string(),
    namespace: z.string(),
    version: z.int(),
    keyVersion: z.int().describe('The same'),
    value: z.string().nullable().describe('Null for what is no text'),
    valueBase64: z.string(),
  }),
  permission: { verb: 'reveal', resource: 'secret' },
  namespace: namespaceIn,
  rest: { method: 'POST', path: '/api/secrets/:name/reveal' },
  async handler(input, context, call) {
    const { name, namespace, current } = await findSecret(context, input, call.signal)
    const asked = { name, namespace, version: input.version ?? current, node: context.self }
    const { key, version: number } = handed.parse(await call.invoke('secret.open', asked))
    const value = context.vault.openHanded(sealedOf(secretIn(context, input), number, context), key)
    return {
      ...{ name, namespace, version: number, keyVersion: number },
      value: textOf(value),
      valueBase64: Buffer.from(value).toString('base64'),
    }
  },
})

export const secretOpen = unary({
  name: 'secret.open',
  about: 'Let one node of the mesh open a secret, which is how its value comes to whoever asks that node for it.',
  input: z.strictObject({ ...named, version: z.int().min(1), node: nodeRef.describe('Id of the node') }),
  output: handed,
  permission: { verb: 'reveal', resource: 'secret' },
  namespace: namespaceIn,
  where: (_, { control }) => leaderOf(control),
  async handler({ version: number, node, ...input }, context, { caller, signal }) {
    const { control, self, vault } = context
    const member = control.state.members.get(nodeId(node))
    if (member === undefined) throw new ClawError('NODE_NOT_FOUND', { node })
    if (leaderOf(control) !== self) throw new ClawError('NO_LEADER', { detail: 'the peer asked does not lead' })
    const { name, namespace } = secretIn(context, input)
    const sealed = sealedOf(secretIn(context, input), number, context)
    // Whoever is told it is on record before he is.
    const command = { type: 'note-reveal', namespace, name, version: number } as const
    await carryOut('reveal', command, { context, caller, signal })
    return { version: number, key: vault.handOn(sealed, member.sealKey) }
  },
})

function leaderOf(control: OperationContext['control']): NodeId {
  const { leader } = control.status()
  if (leader === null) throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
  return leader
}

/** Throws SECRET_NOT_FOUND for a version that is not kept. */
function sealedOf(secret: Secret, number: number, { control }: Pick<OperationContext, 'control'>): SealedValue {
  const { namespace, name } = secret
  const { mesh } = control.state
  const found = versionOf(secret, number)
  if (found === undefined || mesh === null)
    throw new ClawError('SECRET_NOT_FOUND', { secret: inNamespace(namespace, name), version: number })
  const scope = scopeOf({ mesh: mesh.id, namespace, of: { secret: name, version: number } })
  return { sealed: found.sealed, scope, name: inNamespace(namespace, name) }
}

function textOf(value: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    // Any bytes may be a secret.
    return null
  }
}
