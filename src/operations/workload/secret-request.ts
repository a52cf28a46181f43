/** How people write which secrets and config maps work is given, and how values that nobody should see become secrets by themselves. */
import { z } from 'zod'
import { checkRefs } from '../../core/vault/entitlement.ts'
import { isSecretive } from '../../core/vault/names.ts'
import { ClawError } from '../../model/failure.ts'
import type { ConfigRef, SecretRef } from '../../model/secret.ts'
import { mountPath, secretName } from '../../model/secret.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { beforeDenial, refresh } from '../find.ts'

const env = z.string().max(256)

/** The keys of a request that this file translates. */
export const secretFields = {
  secrets: z
    .array(
      z.union(
        [
          z.string().max(2_048),
          z.strictObject({
            env: env.optional().describe('Variable that holds it'),
            path: mountPath.optional().describe('File that holds it, in memory only'),
            secret: secretName.describe('Name of the secret, in the namespace of the workload'),
            version: z.int().min(1).optional().describe('The newest when it starts, when left out'),
          }),
        ],
        { error: 'must be "ENV=name", "/path=name", or {"env" or "path", "secret", "version"}' },
      ),
    )
    .max(64)
    .optional()
    .describe(
      'Secrets of the mesh: `NAME=secret` as a variable, `/path=secret` as a file in memory; `secret:3` for a version',
    ),
  configs: z
    .array(
      z.union(
        [
          z.string().max(2_048),
          z.strictObject({ config: secretName.describe('Name of the config map'), path: mountPath.optional() }),
        ],
        { error: 'must be "name", "/path=name", or {"config", "path"}' },
      ),
    )
    .max(32)
    .optional()
    .describe('Config maps: `name` for a variable for each key, `/path=name` for a folder with a file for each'),
  secretEnv: z
    .boolean()
    .optional()
    .describe('false: no variable becomes a secret by itself, whatever it is called; true when left out'),
  envPlain: z
    .array(env)
    .max(256)
    .optional()
    .describe('Variables that become no secrets although they are called like some'),
}

type Fields = z.output<z.ZodObject<typeof secretFields>>

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** What of the spec comes of it. Throws INVALID_REQUEST for what is named twice. */
export function secretsOf(
  { secrets, configs, secretEnv, envPlain }: Fields,
  variables: Readonly<Record<string, string>>,
): {
  readonly secrets: object | undefined
  readonly configs: object | undefined
  readonly plainEnv: object | undefined
} {
  const refs = secrets?.map(secretRefOf)
  const taken = new Set(Object.keys(variables))
  for (const { env: name, path } of refs ?? []) {
    const place = name ?? path ?? ''
    if (taken.has(place)) throw invalid(`${place} is said twice`)
    taken.add(place)
  }
  const plain = secretEnv === false ? ['*'] : envPlain
  return {
    secrets: refs === undefined || refs.length === 0 ? undefined : refs,
    configs: configs === undefined || configs.length === 0 ? undefined : configs.map(configRefOf),
    plainEnv: plain === undefined || plain.length === 0 ? undefined : [...new Set(plain)].toSorted(),
  }
}

function secretRefOf(one: NonNullable<Fields['secrets']>[number]): SecretRef {
  if (typeof one === 'object') {
    if ((one.env === undefined) === (one.path === undefined)) throw invalid('a secret needs either env or path')
    return one
  }
  const [, place, secret, version] = /^([^=]+)=([^:=]+)(?::(\d{1,9}))?$/.exec(one) ?? []
  if (place === undefined || secret === undefined)
    throw invalid(`secret “${one.slice(0, 64)}” is neither NAME=secret nor /path=secret`)
  return {
    ...(place.startsWith('/') ? { path: place } : { env: place }),
    secret,
    ...(version !== undefined && { version: Number(version) }),
  }
}

function configRefOf(one: NonNullable<Fields['configs']>[number]): ConfigRef {
  if (typeof one === 'object') return one
  const cut = one.indexOf('=')
  return cut < 0 ? { config: one } : { path: one.slice(0, cut), config: one.slice(cut + 1) }
}

/** Names of its variables that are to be secrets. What is empty hides nothing. */
const ownNames = ({ env: variables, plainEnv = [] }: WorkloadSpec): readonly string[] =>
  Object.keys(variables)
    .filter((name) => isSecretive(name) && variables[name] !== '')
    .filter((name) => !plainEnv.includes('*') && !plainEnv.includes(name))
    .toSorted()

/** The spec with the values of such variables replaced by what `make` makes of them. */
function replaced(spec: WorkloadSpec, make: (name: string, value: string) => SecretRef): WorkloadSpec {
  const own = ownNames(spec)
  if (own.length === 0) return spec
  const rest = Object.entries(spec.env).filter(([name]) => !own.includes(name))
  const refs = own.map((name) => make(name, spec.env[name] ?? ''))
  const kept = (spec.secrets ?? []).filter((ref) => ref.env === undefined || !own.includes(ref.env))
  return { ...spec, env: Object.fromEntries(rest), secrets: [...kept, ...refs] }
}

/** Values that nobody else should see are sealed before anybody else is told. Throws SECRETS_UNAVAILABLE. */
export const withOwnSecrets = (spec: WorkloadSpec, vault: Pick<OperationContext['vault'], 'seal'>): WorkloadSpec =>
  replaced(spec, (name, value) => ({
    env: name,
    sealed: vault.seal({ namespace: spec.namespace, of: { env: name } }, new TextEncoder().encode(value)),
  }))

/** What people are shown of a spec, and what is compared: which variables are secrets, and not of what value. */
export function veiled(spec: WorkloadSpec): WorkloadSpec {
  const hidden = 's1.0.A.A'
  const { secrets, ...rest } = replaced(spec, (name) => ({ env: name, sealed: hidden }))
  if (secrets === undefined) return rest
  const veil = (ref: SecretRef): SecretRef => (ref.sealed === undefined ? ref : { ...ref, sealed: hidden })
  return { ...rest, secrets: secrets.map(veil).toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)) }
}

const placeOf = ({ env: name, path }: SecretRef): string => name ?? path ?? ''

/** Values that are what they were stay as they stand, so that the same request makes the same spec. */
export async function withKnownSecrets(
  spec: WorkloadSpec,
  before: { readonly spec: WorkloadSpec; readonly same: (values: readonly Own[]) => Promise<ReadonlySet<string>> },
): Promise<WorkloadSpec> {
  const had = new Map((before.spec.secrets ?? []).flatMap((ref) => (isOwn(ref) ? [[ref.env, ref.sealed]] : [])))
  const fresh = (spec.secrets ?? [])
    .filter(isOwn)
    .filter(({ env: name, sealed }) => had.has(name) && had.get(name) !== sealed)
  if (fresh.length === 0 || spec.namespace !== before.spec.namespace) return spec
  const same = await before.same(fresh.map(({ env: name, sealed }) => ({ env: name, sealed })))
  const keep = (ref: SecretRef): SecretRef => {
    const sealed = isOwn(ref) && same.has(ref.env) ? had.get(ref.env) : undefined
    return sealed === undefined ? ref : { ...ref, sealed }
  }
  return { ...spec, secrets: (spec.secrets ?? []).map(keep) }
}

interface Own {
  readonly env: string
  readonly sealed: string
}

const isOwn = (ref: SecretRef): ref is SecretRef & Own => ref.env !== undefined && ref.sealed !== undefined

/** What is said goes over what was there: a variable holds one thing. */
export function secretsOver(before: WorkloadSpec, said: WorkloadSpec): Pick<WorkloadSpec, 'env' | 'secrets'> {
  const news = said.secrets ?? []
  const taken = new Set([...Object.keys(said.env), ...news.map(placeOf)])
  const kept = (before.secrets ?? []).filter((ref) => !taken.has(placeOf(ref)))
  const all = [...kept, ...news]
  const variables = Object.entries(before.env).filter(([name]) => !taken.has(name))
  return { env: { ...Object.fromEntries(variables), ...said.env }, secrets: all.length === 0 ? undefined : all }
}

/** Throws SECRET_NOT_FOUND, SECRET_DENIED or CONFIG_NOT_FOUND before the work waits for a place that it could not start in. */
export async function checkSecrets(
  context: Pick<OperationContext, 'control' | 'clock' | 'isSettled'>,
  work: { readonly spec: WorkloadSpec; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const { secrets = [], configs = [] } = work.spec
  if (secrets.every(({ secret }) => secret === undefined) && configs.length === 0) return
  await refresh(context, signal)
  await beforeDenial(context, () => checkRefs(context.control.state, work), signal)
}
