/** The commands that say who may do what. */
import type { ApiKey, Binding, Login, Role } from '../../model/access.ts'
import type { Instant } from '../../model/time.ts'

export type NewApiKey = Omit<ApiKey, 'createdAt' | 'createdBy' | 'previous' | 'lastUsedAt' | 'revokedAt'>

export type AccessCommand =
  | { readonly type: 'create-role'; readonly role: Omit<Role, 'createdAt'> }
  | { readonly type: 'remove-role'; readonly name: string }
  | { readonly type: 'create-user'; readonly name: string; readonly login?: Login }
  /** From then on whoever that is logs in as the user, and nobody else. */
  | { readonly type: 'link-user'; readonly name: string; readonly login: Login }
  /** With its operator keys and its API keys. */
  | { readonly type: 'remove-user'; readonly name: string }
  | { readonly type: 'set-user'; readonly name: string; readonly disabled: boolean }
  /** Makes the user where there is an operator of that name who is none yet. */
  | { readonly type: 'bind-role'; readonly user: string; readonly binding: Binding }
  | { readonly type: 'unbind-role'; readonly user: string; readonly binding: Binding }
  | { readonly type: 'create-apikey'; readonly key: NewApiKey }
  | { readonly type: 'revoke-apikey'; readonly id: string }
  | {
      readonly type: 'rotate-apikey'
      readonly id: string
      readonly hash: string
      readonly expiresAt: Instant
      /** How long the secret before this one is good still. */
      readonly previousUntil: Instant
    }
  /** It was used, told now and then. */
  | { readonly type: 'note-apikey-use'; readonly id: string; readonly at: Instant }
