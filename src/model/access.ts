/** Who there can be, what there is to be allowed, and how a role says it. */
import { z } from 'zod'
import type { NodeId } from './ids.ts'
import { namespaceName } from './namespace.ts'
import type { Instant, Millis } from './time.ts'

/**
 * What can be done with a resource. Apart from plain change stand `exec` and `connect` (into what runs: exec, attach, cp, shell,
 * port-forward), `reveal` (the values of secrets), `use` (what reaches beyond a container: see `resources`), `spend` (money) and
 * `recover` (going on without the majority).
 */
export const verbs = [
  ...['read', 'create', 'stop', 'change', 'remove', 'invoke'],
  ...['exec', 'connect', 'reveal', 'use', 'spend', 'recover'],
] as const
export type Verb =
  | 'read'
  | 'create'
  | 'stop'
  | 'change'
  | 'remove'
  | 'invoke'
  | 'exec'
  | 'connect'
  | 'reveal'
  | 'use'
  | 'spend'
  | 'recover'

/** `self` is what everybody may know of themselves. `host-mount`, `host-network` and `privilege` are used: paths, the network and all else of the host. */
export const resources = [
  'mesh',
  'backup',
  'node',
  'workload',
  'service',
  'ingress',
  'network-policy',
  'token',
  'operator',
  'namespace',
  'image',
  'event',
  'secret',
  'config',
  'volume',
  'snapshot',
  'job',
  'cron',
  'workflow',
  'policy',
  'audit',
  'role',
  'user',
  'apikey',
  'molt',
  'host-mount',
  'privilege',
  'host-network',
  'price',
  'network',
  'self',
] as const
export type Resource = (typeof resources)[number]

export interface Permission {
  readonly verb: Verb
  readonly resource: Resource
}

/** Each of the verbs on each of the resources in each of the namespaces; `*` is every one. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly resources: readonly string[]
  readonly namespaces: readonly string[]
}

export interface Role {
  readonly name: string
  readonly about: string
  readonly rules: readonly Rule[]
  readonly createdAt: Instant
}

/** What a user was given: a role, in one namespace or (null) everywhere. */
export interface Binding {
  readonly role: string
  readonly namespace: string | null
}

/** Who somebody is at an identity provider. */
export interface Login {
  readonly issuer: string
  /** What the provider calls them: never anybody else, unlike a name or an address. */
  readonly subject: string
}

export interface User {
  readonly name: string
  /** Who logs in as this user; nobody does where it is left out. */
  readonly login?: Login
  readonly bindings: readonly Binding[]
  readonly disabled: boolean
  readonly createdAt: Instant
}

/** A bearer's secret, of which only the hash is kept. */
export interface ApiKey {
  readonly id: string
  /** What it is for, in words. */
  readonly name: string
  /** Whose rights it has, as far as its scopes go; null for one that an administrator without a name made. */
  readonly user: string | null
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  /** The one before, which is good for a while after a rotation. */
  readonly previous: { readonly hash: string; readonly until: Instant } | null
  readonly scopes: readonly Rule[]
  /** The only one that it reaches; null when that is for its scopes to say. */
  readonly namespace: string | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly expiresAt: Instant
  /** How long it lives from when it is made or rotated. */
  readonly lifetime: Millis
  /** Told now and then only. */
  readonly lastUsedAt: Instant | null
  readonly revokedAt: Instant | null
}

/** An invitation. The secret itself is only in the token that the user holds. */
export interface JoinToken {
  readonly id: string
  /** SHA-256 of the one-time secret, hex. */
  readonly secretHash: string
  readonly roles: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly notAfter: Instant
  readonly createdBy: string
  /** The node that used it; a second use by the same node is answered as the first was. */
  readonly usedBy: NodeId | null
}

/** What a door has found out of who asks. What that is worth, the replicated state says. */
export type Identity =
  /** Whoever may open the socket of a host: its root, or its group. */
  | { readonly kind: 'socket' }
  /** Whoever may open the socket for readers. */
  | { readonly kind: 'reader' }
  /** Whoever can read the API token in the data directory of a host. */
  | { readonly kind: 'token' }
  /** The holder of an operator key. */
  | { readonly kind: 'operator'; readonly key: NodeId }
  /** The holder of an API key, by its id. */
  | { readonly kind: 'apikey'; readonly key: string }
  /** A user of that name who has logged in. */
  | { readonly kind: 'user'; readonly user: string }
  /** A daemon itself, for the requests that it carries to services. */
  | { readonly kind: 'service' }

export const userName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ @ + -, as in ada@example.org')

export const roleName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in release-manager')

const word = z.union([z.literal('*'), z.string().regex(/^[a-z][a-z.-]{0,31}$/)])
const words = z.array(word).min(1).max(64)

/** A rule as it stands in the log: a later build may know more words than this one. */
export const RuleSchema = z.strictObject({
  verbs: words,
  resources: words,
  namespaces: z
    .array(z.union([z.literal('*'), namespaceName]))
    .min(1)
    .max(64),
}) satisfies z.ZodType<Rule>

/** Of a role, or of the scopes of a key. */
export const mostRules = 32
/** Of a user. */
export const mostBindings = 64
