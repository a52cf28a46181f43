/** Roles, users and API keys, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { ApiKey, Binding, Login, Role, User } from '../../model/access.ts'
import { mostBindings, mostRules, roleName, RuleSchema } from '../../model/access.ts'
import { namespaceName } from '../../model/namespace.ts'
import * as shape from './schemas.ts'
import { limits } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
/** Operators of old have names of any kind. */
const user = shape.word
const rules = z.array(RuleSchema).max(mostRules)
const binding = z.strictObject({ role: roleName, namespace: namespaceName.nullable() }) satisfies z.ZodType<Binding>
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const keyId = z.string().regex(/^ak_[a-z2-7]{12}$/)
const about = z.string().max(256)

const login = z.strictObject({
  issuer: z.string().min(1).max(256),
  subject: z.string().min(1).max(256),
}) satisfies z.ZodType<Login>

const role = z.strictObject({ name: roleName, about, rules })

const newKey = z.strictObject({
  id: keyId,
  name: z.string().max(64),
  user: user.nullable(),
  hash,
  scopes: rules,
  namespace: namespaceName.nullable(),
  expiresAt: shape.instant,
  lifetime: shape.count,
})

/** Of every command in this file. */
export const accessCommands = [
  z.strictObject({ ...type('create-role'), role }),
  z.strictObject({ ...type('remove-role'), name: roleName }),
  z.strictObject({ ...type('create-user'), name: user, login: login.exactOptional() }),
  z.strictObject({ ...type('link-user'), name: user, login }),
  z.strictObject({ ...type('remove-user'), name: user }),
  z.strictObject({ ...type('set-user'), name: user, disabled: z.boolean() }),
  z.strictObject({ ...type('bind-role'), user, binding }),
  z.strictObject({ ...type('unbind-role'), user, binding }),
  z.strictObject({ ...type('create-apikey'), key: newKey }),
  z.strictObject({ ...type('revoke-apikey'), id: keyId }),
  z.strictObject({
    ...type('rotate-apikey'),
    id: keyId,
    hash,
    expiresAt: shape.instant,
    previousUntil: shape.instant,
  }),
  z.strictObject({ ...type('note-apikey-use'), id: keyId, at: shape.instant }),
] as const

const RoleSchema = role.extend({ createdAt: shape.instant }) satisfies z.ZodType<Role>
const UserSchema = z.strictObject({
  name: user,
  login: login.exactOptional(),
  bindings: z.array(binding).max(mostBindings),
  disabled: z.boolean(),
  createdAt: shape.instant,
}) satisfies z.ZodType<User>
const ApiKeySchema = newKey.extend({
  previous: z.strictObject({ hash, until: shape.instant }).nullable(),
  createdAt: shape.instant,
  createdBy: z.string(),
  lastUsedAt: shape.instant.nullable(),
  revokedAt: shape.instant.nullable(),
}) satisfies z.ZodType<ApiKey>

/** All that a mesh says of who may do what; left out of a snapshot while there is nothing. */
export const AccessSchema = z.strictObject({
  roles: z.array(RoleSchema).max(limits.roles),
  users: z.array(UserSchema).max(limits.users),
  apikeys: z.array(ApiKeySchema).max(limits.apikeys),
})
