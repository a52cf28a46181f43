/** Secrets, of which the mesh keeps only what nobody can read, and config maps, which anybody may. */
import { z } from 'zod'
import type { NodeId, WorkloadId } from './ids.ts'
import type { Instant, Millis } from './time.ts'

export const secretName = z
  .string()
  .regex(/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/, 'must be 1 to 63 of A-Z a-z 0-9 . _ -')

/** A key of a config map: the name of a variable, or of a file. */
export const configKey = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'must be 1 to 128 of A-Z a-z 0-9 _ . -')

/** Where a file appears. Nothing of the system itself can be replaced by one. */
export const mountPath = z
  .string()
  .max(1_024)
  .regex(/^(\/[^/\0]+)+$/, 'must be an absolute path')
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'must not go up')
  .refine((path) => !/^\/(proc|sys|dev)(\/|$)/.test(path), 'must not be below /proc, /sys or /dev')

/** A sealed value as text: format, epoch of the vault, data key, ciphertext. See core/vault/envelope.ts. */
export const Sealed = z
  .string()
  .max(131_072)
  .regex(/^s1\.\d{1,9}\.[A-Za-z0-9+/=]+\.[A-Za-z0-9+/=]+$/, 'must be a sealed value')

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must look like NAME')
  .max(256)

/** A secret that a workload is given: one of the mesh by its name, or a value of its own that was sealed when it was told. */
export const SecretRef = z
  .strictObject({
    env: envName.optional().describe('Variable that holds it'),
    path: mountPath.optional().describe('File that holds it, in memory only'),
    secret: secretName.optional().describe('Name of the secret in the namespace of the workload'),
    version: z.int().min(1).optional().describe('The newest when it starts, when left out'),
    sealed: Sealed.optional(),
  })
  .refine(({ env, path }) => (env === undefined) !== (path === undefined), 'must have either env or path')
  .refine(({ secret, sealed }) => (secret === undefined) !== (sealed === undefined), 'must name a secret')
export type SecretRef = z.infer<typeof SecretRef>

/** A config map that a workload is given: its keys as variables, or as files of a folder. */
export const ConfigRef = z.strictObject({
  config: secretName.describe('Name of the config map in the namespace of the workload'),
  path: mountPath.optional().describe('Folder that holds a file for each key; each key is a variable when left out'),
})
export type ConfigRef = z.infer<typeof ConfigRef>

/** Which workloads may be given a secret. Empty lists and no labels allow every workload of the namespace. */
export const SecretPolicy = z.strictObject({
  allowWorkloads: z.array(z.string().min(1).max(128)).max(64),
  allowLabels: z
    .record(z.string().min(1).max(63), z.string().max(256))
    .refine((labels) => Object.keys(labels).length <= 16, 'at most 16 labels'),
  denyWorkloads: z.array(z.string().min(1).max(128)).max(64),
})
export type SecretPolicy = z.infer<typeof SecretPolicy>

export const openPolicy: SecretPolicy = { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] }

/** The mesh can only make a new value itself where it is told how long one is; elsewhere it says that one is due. */
export const SecretRotation = z.strictObject({
  everyMs: z
    .int()
    .min(1_000)
    .max(3_650 * 86_400_000),
  generate: z.int().min(8).max(1_024).nullable(),
})
export type SecretRotation = z.infer<typeof SecretRotation>

export const versionOrigins = ['created', 'set', 'rotated', 'generated'] as const

export interface SecretVersion {
  /** From 1; never used again. */
  readonly number: number
  readonly sealed: string
  readonly at: Instant
  readonly by: string
  readonly how: (typeof versionOrigins)[number]
}

export const secretChanges = [...versionOrigins, 'rolled-back', 'policy', 'rotation', 'revealed', 'due'] as const

/** Something that somebody did with a secret. */
export interface SecretChange {
  readonly at: Instant
  readonly by: string
  readonly what: (typeof secretChanges)[number]
  readonly version: number
}

/** A workload was given it, or a backup, which has its id for both. */
export interface SecretUse {
  readonly at: Instant
  readonly workload: WorkloadId
  readonly name: string
  readonly node: NodeId
  readonly version: number
}

export interface Secret {
  readonly namespace: string
  readonly name: string
  /** The last few, oldest first; the current one is always among them. */
  readonly versions: readonly SecretVersion[]
  readonly current: number
  readonly policy: SecretPolicy
  readonly rotation: SecretRotation | null
  readonly rotatedAt: Instant
  /** Somebody has to give it a new value. */
  readonly isDue: boolean
  readonly createdAt: Instant
  readonly createdBy: string
  /** The last few, oldest first. */
  readonly changes: readonly SecretChange[]
  readonly uses: readonly SecretUse[]
}

export interface ConfigMap {
  readonly namespace: string
  readonly name: string
  readonly data: Readonly<Record<string, string>>
  readonly immutable: boolean
  /** Rises with every change. */
  readonly version: number
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
}

/** The key to which secrets are sealed, and who can open it: each voter, by what is sealed to its own key. */
export interface Vault {
  /** Rises with every new key. What was sealed under an earlier one is still opened by who holds this one. */
  readonly epoch: number
  /** X25519, base64. */
  readonly publicKey: string
  readonly since: Instant
  /** All private keys up to this epoch, sealed to each holder, base64. */
  readonly holders: ReadonlyMap<NodeId, string>
  /** Somebody who held the key is no member any more: it has to be replaced. */
  readonly isExposed: boolean
}

/** Largest value, bytes. */
export const mostSecretBytes = 65_536

/** Names of the state's maps: a secret or a config map in its namespace. */
export const inNamespace = (namespace: string, name: string): string => `${namespace}/${name}`

export const versionOf = ({ versions }: Pick<Secret, 'versions'>, number: number): SecretVersion | undefined =>
  versions.find((version) => version.number === number)

/** When a new value is due; null when nobody asked for that. */
export const dueAt = ({ rotation, rotatedAt }: Pick<Secret, 'rotation' | 'rotatedAt'>): Instant | null =>
  rotation === null ? null : rotatedAt + (rotation.everyMs satisfies Millis)
