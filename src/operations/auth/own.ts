/** What somebody is here, and what they may do. */
import { z } from 'zod'
import { judge } from '../../core/access/decide.ts'
import { closest } from '../../lib/closest.ts'
import { ClawError } from '../../model/failure.ts'
import type { Permission } from '../../model/access.ts'
import { resources, verbs } from '../../model/access.ts'
import { namespaceName } from '../../model/namespace.ts'
import { callerOf } from '../caller.ts'
import type { OperationContext } from '../context.ts'
import { standingHere } from '../gate.ts'
import type { Call } from '../operation.ts'
import { unary } from '../operation.ts'
import { RuleView, viewOfRule } from './rules.ts'

const GrantView = z.object({
  role: z.string(),
  namespace: z.string().nullable().describe('Null for everywhere'),
  rules: z.array(RuleView),
})

const another = z.string().min(1).max(128).optional().describe('Name of a user; for who may change users')

export const whoami = unary({
  name: 'auth.whoami',
  about: 'Show who you are to the mesh, and what roles you have; or, for administrators, the same of another user.',
  input: z.strictObject({ as: another }),
  output: z.object({
    id: z.string().describe('As the mesh writes it down'),
    kind: z.enum(['socket', 'reader', 'token', 'operator', 'apikey', 'user', 'service']),
    who: z.string().describe('In words'),
    user: z.string().nullable(),
    peer: z.string().describe('Name of the node that answered'),
    mesh: z.string().nullable().describe('Id of its mesh; null while it does not know it'),
    grants: z.array(GrantView),
    limits: z
      .array(z.array(GrantView))
      .describe('Each of them has to allow it as well, such as the scopes of an API key'),
  }),
  permission: { verb: 'read', resource: 'self' },
  rest: { method: 'GET', path: '/api/auth/whoami' },
  handler({ as: name }, context, call) {
    const { control, self } = context
    const { caller, standing } = name === undefined ? call : asAnother(name, context, call)
    const viewOf = ({ role, namespace, rules }: (typeof standing.grants)[number]) => ({
      ...{ role, namespace, rules: rules.map(viewOfRule) },
    })
    return Promise.resolve({
      ...{ id: caller.id, kind: caller.identity.kind, who: standing.who, user: standing.user },
      peer: control.state.members.get(self)?.name ?? self,
      mesh: control.state.mesh?.id ?? null,
      grants: standing.grants.map(viewOf),
      limits: standing.limits.map((limit) => limit.map(viewOf)),
    })
  },
})

export const canI = unary({
  name: 'auth.can',
  about: 'Say whether you may do something; or, for administrators, whether another user may.',
  input: z.strictObject({
    verb: z
      .string()
      .min(1)
      .max(32)
      .describe(`One of ${verbs.join(', ')}`),
    resource: z
      .string()
      .min(1)
      .max(32)
      .describe(`One of ${resources.join(', ')}`),
    namespace: namespaceName.optional().describe('In this namespace; everywhere when left out'),
    as: another,
  }),
  output: z.object({
    allowed: z.boolean(),
    verb: z.string(),
    resource: z.string(),
    namespace: z.string().nullable(),
  }),
  permission: { verb: 'read', resource: 'self' },
  rest: { method: 'GET', path: '/api/auth/can' },
  handler({ verb, resource, namespace = null, as: name }, context, call) {
    const { standing } = name === undefined ? call : asAnother(name, context, call)
    const asked = { verb: one(verb, 'verb', verbs), resource: one(resource, 'resource', resources) } as Permission
    const { isAllowed } = judge(standing, { ...asked, namespace })
    return Promise.resolve({ allowed: isAllowed, ...asked, namespace })
  },
})

/** What somebody else would be here. Throws PERMISSION_DENIED, USER_NOT_FOUND, and AUTH_FAILED for who is not let in. */
function asAnother(
  name: string,
  { control, clock, self }: OperationContext,
  call: Pick<Call, 'require'>,
): Pick<Call, 'caller' | 'standing'> {
  call.require({ verb: 'change', resource: 'user' }, null)
  const { users, operators } = control.state
  const key = [...operators.values()].find((operator) => operator.name === name)?.key
  if (!users.has(name) && key === undefined) throw new ClawError('USER_NOT_FOUND', { user: name })
  // An operator who is no user may do everything.
  const isUser = users.has(name) || key === undefined
  const caller = callerOf(isUser ? { kind: 'user', user: name } : { kind: 'operator', key })
  return { caller, standing: standingHere(caller, { control, clock, self }) }
}

/** Throws INVALID_REQUEST. `workloads` is taken for `workload`. */
function one(word: string, what: string, known: readonly string[]): string {
  const found = known.find((name) => name === word || `${name}s` === word)
  if (found !== undefined) return found
  const near = closest(word, known)
  const meant = near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`
  throw new ClawError('INVALID_REQUEST', { problem: `there is no ${what} ${word}; ${meant}` })
}
