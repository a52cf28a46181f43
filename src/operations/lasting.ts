/**
 * What an API key may not leave behind. Whoever has got hold of one is not to keep what it can do beyond its time: it makes no credentials,
 * and gives rights to others only where its scopes say so in as many words, as for a program that administers users.
 */
import type { Permission, Rule } from '../model/access.ts'
import { ClawError } from '../model/failure.ts'
import { permissionText } from '../core/access/decide.ts'
import type { OperationContext } from './context.ts'
import type { Caller, Operation } from './operation.ts'

/** Throws PERMISSION_DENIED. */
export function refuseLasting(
  { lasting, permission }: Pick<Operation, 'lasting' | 'permission'>,
  input: unknown,
  { caller: { identity }, control }: { readonly caller: Caller } & Pick<OperationContext, 'control'>,
): void {
  const what = identity.kind === 'apikey' ? (lasting?.(input) ?? null) : null
  if (identity.kind !== 'apikey' || what === null) return
  if (what === 'credential')
    throw new ClawError('PERMISSION_DENIED', { action: 'make or prolong a credential with an API key' })
  const scopes = control.state.apikeys.get(identity.key)?.scopes ?? []
  if (scopes.some((scope) => isNamed(scope, permission))) return
  const missing = `it takes a key whose scopes name ${permissionText(permission)}, and not by *`
  throw new ClawError('PERMISSION_DENIED', { action: 'give rights that stay with an API key', missing })
}

const isNamed = ({ verbs, resources }: Rule, { verb, resource }: Permission): boolean =>
  resources.includes(resource) && (verbs.includes(verb) || verbs.includes('*'))
