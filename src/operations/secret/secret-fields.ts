/** How people name a secret, and how they write its value, its policy and its rotation. */
import { z } from 'zod'
import { wordOf } from '../../core/vault/rotation.ts'
import { ClawError } from '../../model/failure.ts'
import { labelName } from '../../model/label.ts'
import { defaultNamespace, namespaceName } from '../../model/namespace.ts'
import type { Secret, SecretPolicy, SecretRotation } from '../../model/secret.ts'
import { inNamespace, mostSecretBytes, openPolicy, secretName } from '../../model/secret.ts'
import { day } from '../../model/time.ts'
import type { Random } from '../../ports/random.ts'
import type { OperationContext } from '../context.ts'
import { beforeDenial, refresh } from '../find.ts'
import { closest } from '../../lib/closest.ts'

export const namespace = namespaceName.default(defaultNamespace).describe('Namespace that it is in')
/** Which namespace such a call touches. */
export const namespaceIn = ({ namespace: where }: { readonly namespace: string }): string => where

export const named = { name: secretName.describe('Name of the secret'), namespace }

/** One of them; a map is kept as the JSON of it. */
export const valueFields = {
  value: z.string().max(mostSecretBytes).optional().describe('The value, as text'),
  valueBase64: z
    .string()
    .max(2 * mostSecretBytes)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')
    .optional()
    .describe('The value, as any bytes'),
  data: z
    .union([z.string().max(mostSecretBytes), z.record(z.string().max(256), z.string().max(mostSecretBytes))])
    .optional()
    .describe('The same as value; a map is kept as the JSON of it'),
  generate: z
    .int()
    .min(8)
    .max(1_024)
    .optional()
    .describe('Have the peer that is asked make one of so many letters and digits'),
}
export const valueKeys = ['value', 'valueBase64', 'data'] as const
type Values = z.output<z.ZodObject<typeof valueFields>>

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Null when none is said. Throws INVALID_REQUEST and TOO_LARGE, and repeats nothing of what was said. */
export function valueOf(
  { value, valueBase64, data, generate }: Values,
  random: Pick<Random, 'bytes'>,
): Uint8Array | null {
  const texts = [value, typeof data === 'object' ? JSON.stringify(data) : data].filter((one) => one !== undefined)
  const given = [
    ...texts.map((text) => new TextEncoder().encode(text)),
    ...(valueBase64 === undefined ? [] : [new Uint8Array(Buffer.from(valueBase64, 'base64'))]),
    ...(generate === undefined ? [] : [new TextEncoder().encode(wordOf(generate, (count) => random.bytes(count)))]),
  ]
  if (given.length > 1) throw invalid('its value is said in more than one way')
  const [bytes = null] = given
  if (bytes !== null && bytes.length === 0) throw invalid('its value is empty')
  if (bytes !== null && bytes.length > mostSecretBytes)
    throw new ClawError('TOO_LARGE', { what: 'the value of a secret', limit: mostSecretBytes })
  return bytes
}

const globs = z.array(z.string().min(1).max(128)).max(64)
export const policyFields = {
  allowWorkloads: globs.optional().describe('Only work with such names, its deployment’s or its group’s: `train-*`'),
  allowLabels: z
    .record(labelName, z.string().max(256))
    .optional()
    .describe('Only work with these labels; where names are given too, either is enough'),
  denyWorkloads: globs.optional().describe('No work with such names, whatever else is allowed'),
}
type Policies = z.output<z.ZodObject<typeof policyFields>>

/** What is not said stays. */
export const policyOf = (said: Policies, before: SecretPolicy = openPolicy): SecretPolicy => ({
  allowWorkloads: said.allowWorkloads ?? before.allowWorkloads,
  allowLabels: said.allowLabels ?? before.allowLabels,
  denyWorkloads: said.denyWorkloads ?? before.denyWorkloads,
})

export const rotationFields = {
  rotateDays: z
    .number()
    .min(0)
    .max(3_650)
    .optional()
    .describe('A new value is due so often; 0 for never. The mesh makes it itself with rotateLength'),
  rotateLength: z.int().min(8).max(1_024).optional().describe('Length of the values that the mesh makes'),
}

/** Undefined where nothing is said. Throws INVALID_REQUEST. */
export function rotationOf({
  rotateDays,
  rotateLength,
}: z.output<z.ZodObject<typeof rotationFields>>): SecretRotation | null | undefined {
  if (rotateDays === undefined) {
    if (rotateLength !== undefined) throw invalid('rotateLength goes with rotateDays')
    return undefined
  }
  return rotateDays === 0
    ? null
    : { everyMs: Math.max(1_000, Math.round(rotateDays * day)), generate: rotateLength ?? null }
}

type Context = Pick<OperationContext, 'control' | 'clock' | 'isSettled'>
interface Reference {
  readonly name: string
  readonly namespace: string
}

/** Throws SECRET_NOT_FOUND. */
export function secretIn({ control }: Pick<Context, 'control'>, { name, namespace: where }: Reference): Secret {
  const { secrets } = control.state
  const found = secrets.get(inNamespace(where, name))
  if (found !== undefined) return found
  const near = closest(
    name,
    [...secrets.values()].flatMap((one) => (one.namespace === where ? [one.name] : [])),
  )
  throw new ClawError('SECRET_NOT_FOUND', { secret: inNamespace(where, name), ...(near !== null && { near }) })
}

/** The same after asking for what this peer may not have heard of yet. */
export async function findSecret(context: Context, wanted: Reference, signal: AbortSignal): Promise<Secret> {
  await refresh(context, signal)
  return beforeDenial(context, () => secretIn(context, wanted), signal)
}
