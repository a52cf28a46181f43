/** Logging in by an identity provider, where the owner of the host has named one. */
import { idTokens } from '../adapters/oidc/id-token.ts'
import { hour } from '../model/time.ts'
import type { Control } from '../services/control/types.ts'
import { LoginDesk } from '../services/login/login-desk.ts'
import type { Ground } from './ground.ts'

export function loginOf({ config, clock, random }: Ground, control: Control): LoginDesk | undefined {
  const { issuer, sessionHours, ...settings } = config.oidc
  if (issuer === undefined) return undefined
  const tokens = idTokens({ issuer, clientId: settings.clientId }, () => clock.now())
  return new LoginDesk({ issuer, ...settings, lifetime: sessionHours * hour }, { control, tokens, clock, random })
}
