/** Roles: what those may do who have them. Every mesh has some; others are made of rules. */
import { z } from 'zod'
import { builtInRoles, isBuiltIn } from '../../core/access/roles.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { Rule } from '../../model/access.ts'
import { roleName } from '../../model/access.ts'
import { carryOut } from '../carry-out.ts'
import { isoOrNull, noInput } from '../fields.ts'
import { refresh } from '../find.ts'
import { unary } from '../operation.ts'
import { rulesOf, ruleTexts, RuleView, viewOfRule } from './rules.ts'

const RoleView = z.object({
  name: z.string(),
  about: z.string(),
  rules: z.array(RuleView),
  builtIn: z.boolean().describe('Every mesh has it'),
  users: z.int().describe('How many have it, in whatever namespace'),
  createdAt: z.string().nullable().describe('ISO 8601; null of those that every mesh has'),
})
type RoleView = z.infer<typeof RoleView>

const named = z.strictObject({ role: roleName })

export const roleCreate = unary({
  name: 'role.create',
  about: 'Make a role out of rules. Nobody can make one that may more than they may themselves.',
  input: named.extend({
    rules: ruleTexts.describe('Each `VERBS:RESOURCES` or `VERBS:RESOURCES@NAMESPACES`, or another role'),
    about: z.string().max(256).default('').describe('What it is for'),
  }),
  output: RoleView,
  permission: { verb: 'create', resource: 'role' },
  rest: { method: 'POST', path: '/api/roles' },
  async handler({ role: name, rules: written, about }, context, { caller, signal, requireAll }) {
    const rules = rulesOf(written, context.control.state.roles)
    requireAll(rules, null)
    await carryOut('role', { type: 'create-role', role: { name, about, rules } }, { context, caller, signal })
    return viewOf(name, context.control.state)
  },
})

export const roleList = unary({
  name: 'role.list',
  about: 'List the roles, those that every mesh has first.',
  input: noInput,
  output: z.array(RoleView),
  permission: { verb: 'read', resource: 'role' },
  rest: { method: 'GET', path: '/api/roles' },
  async handler(_, context, { signal }) {
    await refresh(context, signal)
    const { state } = context.control
    return [...Object.keys(builtInRoles), ...[...state.roles.keys()].toSorted()].map((name) => viewOf(name, state))
  },
})

export const roleInfo = unary({
  name: 'role.info',
  about: 'Show one role and its rules.',
  input: named,
  output: RoleView,
  permission: { verb: 'read', resource: 'role' },
  rest: { method: 'GET', path: '/api/roles/:role' },
  async handler({ role }, context, { signal }) {
    await refresh(context, signal)
    return viewOf(role, context.control.state)
  },
})

export const roleDelete = unary({
  name: 'role.delete',
  about: 'Take a role away that nobody has any more.',
  input: named,
  output: z.object({ name: z.string(), deleted: z.boolean() }),
  permission: { verb: 'remove', resource: 'role' },
  rest: { method: 'DELETE', path: '/api/roles/:role' },
  async handler({ role: name }, context, { caller, signal }) {
    await carryOut('role', { type: 'remove-role', name }, { context, caller, signal })
    return { name, deleted: true }
  },
})

/** Throws ROLE_NOT_FOUND. */
function viewOf(name: string, { roles, users }: Pick<MeshState, 'roles' | 'users'>): RoleView {
  const own = roles.get(name)
  const found: { about: string; rules: readonly Rule[] } | undefined = isBuiltIn(name) ? builtInRoles[name] : own
  if (found === undefined) throw new ClawError('ROLE_NOT_FOUND', { role: name })
  const having = [...users.values()].filter(({ bindings }) => bindings.some(({ role }) => role === name))
  return {
    ...{ name, about: found.about, rules: found.rules.map(viewOfRule), builtIn: isBuiltIn(name), users: having.length },
    createdAt: isoOrNull(own?.createdAt ?? null),
  }
}
