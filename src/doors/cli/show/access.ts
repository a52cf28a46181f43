/** Roles, users and keys as commands take and show them. */
import type { OutputOf } from '../../../operations/registry.ts'
import { ruleText } from '../../../operations/auth/rules.ts'
import { facts, orDash } from './words.ts'

export const namespaceOption = {
  kind: 'text',
  short: 'n',
  value: 'NAME',
  about: 'Only in this namespace; everywhere if left out',
} as const

type Role = OutputOf<'role.info'>
type User = OutputOf<'user.info'>
type Key = OutputOf<'apikey.revoke'>
type Grant = OutputOf<'auth.whoami'>['grants'][number]

export const rulesInWords = (rules: Role['rules']): string => rules.map(ruleText).join(' ') || 'nothing'

const placed = (name: string, namespace: string | null): string =>
  namespace === null ? name : `${name} in ${namespace}`

export const bindingsInWords = (bindings: User['roles']): string =>
  bindings.map(({ role, namespace }) => placed(role, namespace)).join(', ') || 'none'

export const grantsInWords = (grants: readonly Grant[]): string =>
  grants.map(({ role, namespace }) => placed(role, namespace)).join(', ') || 'none'

export const roleFacts = ({ name, about, rules, builtIn, users }: Role): readonly string[] =>
  facts([
    ['Name', name],
    ['About', orDash(about)],
    ['Every mesh has it', builtIn ? 'yes' : 'no'],
    ['Users', String(users)],
    ...rules.map((rule) => ['May', ruleText(rule)] as const),
  ])

export const userFacts = ({ name, roles, disabled, keys, apikeys, login }: User): readonly string[] =>
  facts([
    ['Name', name],
    ['Roles', bindingsInWords(roles)],
    ['State', disabled ? 'disabled' : 'enabled'],
    ['Logs in as', login === null ? 'nobody' : `${login.subject} of ${login.issuer}`],
    ['Operator keys', keys.join(', ') || 'none'],
    ['API keys', apikeys.join(', ') || 'none'],
  ])

export const keyFacts = ({ id, name, user, namespace, scopes, expiresAt }: Key): readonly string[] =>
  facts([
    ['Id', id],
    ['Name', orDash(name)],
    ['User', orDash(user)],
    ['Namespace', orDash(namespace)],
    ['Scopes', rulesInWords(scopes)],
    ['Expires', expiresAt],
  ])
