/** API keys: secrets for programs, shown once, good for a while, and for no more than they are given. */
import { z } from 'zod'
import { newSecret } from '../../core/access/api-key.ts'
import { problemOfKey } from '../../core/access/standing.ts'
import { ClawError } from '../../model/failure.ts'
import type { ApiKey } from '../../model/access.ts'
import { namespaceName } from '../../model/namespace.ts'
import { day } from '../../model/time.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { iso, isoOrNull, span, spanOf, time } from '../fields.ts'
import { refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { rulesOf, ruleTexts, RuleView, viewOfRule } from './rules.ts'

const longestLife = 90 * day
const longestGrace = 7 * day

const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  user: z.string().nullable().describe('Whose rights it has, as far as its scopes go; null for the mesh’s own'),
  namespace: z.string().nullable().describe('The only one that it reaches; null where its scopes say that'),
  scopes: z.array(RuleView),
  state: z.enum(['valid', 'expired', 'revoked', 'disabled']).describe('`disabled`: its user is'),
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time,
  lastUsedAt: z.string().nullable().describe('Told every ten minutes at most'),
})
const NewKey = KeyView.extend({ secret: z.string().describe('Shown now and never again') })

const which = { key: z.string().min(1).max(64).describe('Id of the key, ak_…') }

export const apikeyCreate = unary({
  name: 'apikey.create',
  about: 'Make an API key. Its secret is shown once; the mesh keeps only a hash of it.',
  input: z.strictObject({
    name: z.string().max(64).default('').describe('What it is for'),
    user: z.string().min(1).max(128).optional().describe('Whose it is; your own when left out'),
    namespace: namespaceName.optional().describe('The only one that it reaches'),
    expires: span.default('90d').describe('How long it is good: 24h, 90d; at most 90d'),
    scopes: ruleTexts
      .optional()
      .describe(
        'What it may do of what its user may: roles, or rules such as read:workload. All of it when left out, and viewer for the mesh’s own',
      ),
  }),
  output: NewKey,
  permission: { verb: 'create', resource: 'apikey' },
  namespace: ({ namespace = null }) => namespace,
  lasting: () => 'credential',
  rest: { method: 'POST', path: '/api/apikeys' },
  async handler({ name, user: wanted, namespace = null, expires, scopes: written }, context, call) {
    const { control, clock, random } = context
    const user = wanted ?? call.user
    const scopes = rulesOf(written ?? [user === null ? 'viewer' : '*:*'], control.state.roles)
    // One's own can do no more than oneself; for any other, nobody hands on more than they have.
    if (user !== call.user) call.require({ verb: 'change', resource: 'user' }, null)
    if (user === null || user !== call.user) call.requireAll(scopes, namespace)
    const lifetime = lifetimeOf(expires)
    const { secret, ...identified } = newSecret((count) => random.bytes(count))
    const expiresAt = clock.now() + lifetime
    const key = { ...identified, name, user, scopes, namespace, expiresAt, lifetime }
    await carryOut('apikey', { type: 'create-apikey', key }, { context, ...call })
    return { ...viewOf(theKey(identified.id, context), context), secret }
  },
})

export const apikeyList = unary({
  name: 'apikey.list',
  about: 'List API keys: your own, or those of all for whoever may look at users. What has ended goes after a week.',
  input: z.strictObject({ user: z.string().min(1).max(128).optional().describe('Only those of this user') }),
  output: z.array(KeyView),
  permission: { verb: 'read', resource: 'apikey' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/apikeys' },
  async handler({ user }, context, call) {
    await refresh(context, call.signal)
    const isShown = (key: ApiKey): boolean =>
      (user === undefined || key.user === user) &&
      (isOwn(key, call) || call.may({ verb: 'read', resource: 'user' }, null))
    return [...context.control.state.apikeys.values()].filter(isShown).map((key) => viewOf(key, context))
  },
})

export const apikeyRevoke = unary({
  name: 'apikey.revoke',
  about: 'Make an API key worthless at once.',
  input: z.strictObject(which),
  output: KeyView,
  permission: { verb: 'remove', resource: 'apikey' },
  isScoped: true,
  rest: { method: 'DELETE', path: '/api/apikeys/:key' },
  async handler({ key: id }, context, call) {
    await refresh(context, call.signal)
    mine(id, context, call)
    await carryOut('apikey', { type: 'revoke-apikey', id }, { context, ...call })
    return viewOf(theKey(id, context), context)
  },
})

export const apikeyRotate = unary({
  name: 'apikey.rotate',
  about: 'Give an API key another secret, which is good as long as the first was; that one goes on for a while.',
  input: z.strictObject({
    ...which,
    grace: span.default('1h').describe('How long the secret before it is good still; at most 7d, 0 for not at all'),
  }),
  output: NewKey,
  permission: { verb: 'change', resource: 'apikey' },
  isScoped: true,
  lasting: () => 'credential',
  rest: { method: 'POST', path: '/api/apikeys/:key/rotate' },
  async handler({ key: id, grace }, context, call) {
    await refresh(context, call.signal)
    const { lifetime, scopes, namespace } = mine(id, context, call)
    if (!isOwn(theKey(id, context), call)) call.requireAll(scopes, namespace)
    const allowed = spanOf(grace, 'grace', 0)
    if (allowed > longestGrace) throw new ClawError('INVALID_REQUEST', { problem: 'grace is at most 7d' })
    const { clock, random } = context
    const { secret, hash } = newSecret((count) => random.bytes(count), id)
    const at = clock.now()
    const times = { expiresAt: at + lifetime, previousUntil: at + allowed }
    await carryOut('apikey', { type: 'rotate-apikey', id, hash, ...times }, { context, ...call })
    return { ...viewOf(theKey(id, context), context), secret }
  },
})

type Asking = Pick<Call, 'caller' | 'user' | 'may'>

function lifetimeOf(expires: string | number): number {
  const lifetime = spanOf(expires, 'expires')
  if (lifetime > longestLife) throw new ClawError('INVALID_REQUEST', { problem: 'an API key lives 90d at most' })
  return Math.ceil(lifetime)
}

const isOwn = ({ user }: ApiKey, call: Asking): boolean => user !== null && user === call.user

/** Throws APIKEY_NOT_FOUND. */
function theKey(id: string, { control }: OperationContext): ApiKey {
  const key = control.state.apikeys.get(id)
  if (key === undefined) throw new ClawError('APIKEY_NOT_FOUND', { key: id })
  return key
}

/** One's own, or any for whoever may change users. Throws APIKEY_NOT_FOUND, also for what is not theirs. */
function mine(id: string, context: OperationContext, call: Asking): ApiKey {
  const key = theKey(id, context)
  if (isOwn(key, call) || call.may({ verb: 'change', resource: 'user' }, null)) return key
  throw new ClawError('APIKEY_NOT_FOUND', { key: id })
}

function viewOf(key: ApiKey, { control, clock }: OperationContext): z.infer<typeof KeyView> {
  const { id, name, user, namespace, scopes, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt } = key
  const isDisabled = user !== null && control.state.users.get(user)?.disabled === true
  const ended = revokedAt !== null ? 'revoked' : 'expired'
  const state = problemOfKey(key, clock.now()) === null ? (isDisabled ? 'disabled' : 'valid') : ended
  return {
    ...{ id, name, user, namespace, scopes: scopes.map(viewOfRule), state, createdBy },
    ...{ createdAt: iso(createdAt), expiresAt: iso(expiresAt), lastUsedAt: isoOrNull(lastUsedAt) },
  }
}
