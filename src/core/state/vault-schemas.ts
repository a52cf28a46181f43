/** Secrets, config maps and the vault, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import { namespaceName } from '../../model/namespace.ts'
import type { ConfigMap, Secret } from '../../model/secret.ts'
import {
  configKey,
  inNamespace,
  Sealed,
  secretChanges,
  secretName,
  SecretPolicy,
  SecretRotation,
  versionOrigins,
} from '../../model/secret.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const named = { namespace: namespaceName, name: secretName }
const number = shape.count
const how = z.enum(versionOrigins)
const ring = z.string().min(1).max(8_192)
const holders = z.array(z.strictObject({ node: shape.NodeIdSchema, sealed: ring })).max(limits.holders)
const value = z.string().max(limits.configBytes)

/** Of every command in this file. */
export const vaultCommands = [
  z.strictObject({ ...type('set-vault'), epoch: number, publicKey: shape.opaque, holders }),
  z.strictObject({
    ...type('create-secret'),
    ...named,
    sealed: Sealed,
    how,
    policy: SecretPolicy,
    rotation: SecretRotation.nullable(),
  }),
  z.strictObject({ ...type('set-secret'), ...named, version: number, sealed: Sealed, how }),
  z.strictObject({
    ...type('update-secret'),
    ...named,
    policy: SecretPolicy.exactOptional(),
    rotation: SecretRotation.nullable().exactOptional(),
    current: number.exactOptional(),
  }),
  z.strictObject({ ...type('delete-secret'), ...named }),
  z.strictObject({ ...type('note-reveal'), ...named, version: number }),
  z.strictObject({ ...type('note-due'), ...named, version: number }),
  z.strictObject({
    ...type('note-secret-use'),
    placement: shape.PlacementIdSchema,
    node: shape.NodeIdSchema,
    uses: z.array(z.strictObject({ name: secretName, version: number })).max(64),
  }),
  z.strictObject({ ...type('create-config'), ...named, data: z.record(configKey, value), immutable: z.boolean() }),
  z.strictObject({
    ...type('update-config'),
    ...named,
    data: z.record(configKey, value.nullable()),
    whole: z.boolean(),
    immutable: z.literal(true).exactOptional(),
  }),
  z.strictObject({ ...type('delete-config'), ...named }),
] as const

const VaultSchema = z.strictObject({
  epoch: number,
  publicKey: shape.opaque,
  since: shape.instant,
  holders: z.array(z.tuple([shape.NodeIdSchema, ring])).max(limits.holders),
  isExposed: z.boolean(),
})

const SecretSchema = z.strictObject({
  ...named,
  versions: z
    .array(z.strictObject({ number, sealed: Sealed, at: shape.instant, by: z.string(), how }))
    .max(limits.secretVersions),
  current: number,
  policy: SecretPolicy,
  rotation: SecretRotation.nullable(),
  rotatedAt: shape.instant,
  isDue: z.boolean(),
  createdAt: shape.instant,
  createdBy: z.string(),
  changes: z
    .array(z.strictObject({ at: shape.instant, by: z.string(), what: z.enum(secretChanges), version: number }))
    .max(limits.secretChanges),
  uses: z
    .array(
      z.strictObject({
        at: shape.instant,
        workload: shape.WorkloadIdSchema,
        name: z.string(),
        node: shape.NodeIdSchema,
        version: number,
      }),
    )
    .max(limits.secretUses),
}) satisfies z.ZodType<Secret>

const ConfigSchema = z.strictObject({
  ...named,
  data: z.record(configKey, z.string()),
  immutable: z.boolean(),
  version: number,
  createdAt: shape.instant,
  createdBy: z.string(),
  updatedAt: shape.instant,
}) satisfies z.ZodType<ConfigMap>

/** As they stand in snapshots, where there are any. */
export const vaultFields = {
  vault: VaultSchema.exactOptional(),
  secrets: z.array(SecretSchema).max(limits.secrets).exactOptional(),
  configs: z.array(ConfigSchema).max(limits.configs).exactOptional(),
}
type Written = z.infer<z.ZodObject<typeof vaultFields>>

export const writtenVault = ({ vault, secrets, configs }: State): Written => ({
  ...(vault !== null && { vault: { ...vault, holders: [...vault.holders] } }),
  ...(secrets.size > 0 && { secrets: [...secrets.values()] as z.infer<typeof SecretSchema>[] }),
  ...(configs.size > 0 && { configs: [...configs.values()] as z.infer<typeof ConfigSchema>[] }),
})

export function readVault({
  vault,
  secrets = [],
  configs = [],
}: Written): Pick<State, 'vault' | 'secrets' | 'configs'> {
  const keyOf = ({ namespace, name }: Secret | ConfigMap): string => inNamespace(namespace, name)
  return {
    vault: vault === undefined ? null : { ...vault, holders: new Map(vault.holders) },
    secrets: weighed.secrets(secrets.map((secret) => [keyOf(secret), secret])),
    configs: weighed.configs(configs.map((config) => [keyOf(config), config])),
  }
}
