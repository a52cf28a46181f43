/** A key of a mesh for whom its identity provider vouches for. */
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import type { Context } from './contexts.ts'
import { HttpTransport } from './http-transport.ts'
import { contextTarget } from './target.ts'

const path = '/api/auth/oidc'

/** Throws LOGIN_UNAVAILABLE, and AUTH_FAILED when the provider or the mesh does not let the user in. */
export async function signedIn(
  context: Context,
  isDevice: boolean,
  { host, out, signal }: Pick<Session, 'host' | 'out' | 'signal'>,
): Promise<string> {
  const { addresses } = await contextTarget(context)
  const address = addresses.find((one) => one.kind === 'url')
  if (address === undefined)
    throw new ClawError('INVALID_REQUEST', { problem: 'the context has no http or https address to log in at' })
  const transport = new HttpTransport({ ...address, token: null, tokenFrom: null })
  const { issuer, clientId, scopes } = texts(await transport.exchange('GET', path, {}, signal))
  const asked = { issuer: issuer ?? '', clientId: clientId ?? '', scopes: scopes ?? '', isDevice }
  const idToken = await host.signIn(asked, (line) => out.note(line), signal)
  const { secret } = texts(await transport.exchange('POST', path, { idToken }, signal))
  if (secret === undefined) throw new ClawError('PROTOCOL_MISMATCH', { ours: 'logging in', theirs: 'something else' })
  return secret
}

const texts = (value: unknown): Readonly<Record<string, string | undefined>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, string>) : {}
