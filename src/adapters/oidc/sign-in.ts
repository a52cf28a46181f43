/** Signing in at an OpenID provider: with a browser on this machine (authorization code, PKCE), or on another one (device flow). */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import { ClawError } from '../../model/failure.ts'
import type { SignIn } from '../../ports/sign-in.ts'

const patience = 300_000

/** The ID token. Throws LOGIN_UNAVAILABLE, and AUTH_FAILED when nobody signed in. */
export const signIn: SignIn = async ({ issuer, clientId, scopes, isDevice }, tell, signal) => {
  const within = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  try {
    const provider = await openid.discovery(new URL(issuer), clientId, undefined, openid.None(), {
      execute: isOnThisHost(issuer) ? [openid.allowInsecureRequests] : [],
    })
    const tokens = isDevice
      ? await byDevice(provider, scopes, { tell, within })
      : await byBrowser(provider, scopes, { tell, within })
    if (tokens.id_token !== undefined) return tokens.id_token
    throw new ClawError('AUTH_FAILED', { reason: 'the provider gave no ID token' })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ClawError) throw error
    const detail = (error as Error).message
    throw new ClawError('LOGIN_UNAVAILABLE', { provider: issuer, detail }, { cause: error })
  }
}

interface Around {
  readonly tell: (line: string) => void
  readonly within: AbortSignal
}

const isOnThisHost = (issuer: string): boolean => /^http:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(issuer)

async function byBrowser(provider: openid.Configuration, scope: string, { tell, within }: Around) {
  const verifier = openid.randomPKCECodeVerifier()
  const [state, nonce] = [openid.randomState(), openid.randomNonce()]
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const redirect = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`)
    const address = openid.buildAuthorizationUrl(provider, {
      ...{ redirect_uri: redirect.href, scope, state, nonce, response_type: 'code' },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    tell(`Open this in a browser on this machine, and sign in:\n  ${address.href}`)
    const came = await cameBack(server, redirect, within)
    return await openid.authorizationCodeGrant(provider, came, {
      ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** The address to which the provider sent the browser back. */
function cameBack(server: Server, redirect: URL, signal: AbortSignal): Promise<URL> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', redirect)
      const isIt = url.pathname === redirect.pathname && url.searchParams.has('state')
      response.writeHead(isIt ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
      response.end(isIt ? 'You may close this window.\n' : 'There is nothing here.\n', () => {
        if (isIt) resolve(url)
      })
    })
  })
}

async function byDevice(provider: openid.Configuration, scope: string, { tell, within }: Around) {
  const asked = await openid.initiateDeviceAuthorization(provider, { scope })
  tell(
    `Open ${asked.verification_uri_complete ?? asked.verification_uri} in any browser, and check that it shows ${asked.user_code}.`,
  )
  return openid.pollDeviceAuthorizationGrant(provider, asked, undefined, { signal: within })
}
