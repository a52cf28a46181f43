/** A real OpenID provider on loopback, and a browser that signs in there. */
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

/** It comes without types. */
const require = createRequire(import.meta.url)
const { default: Provider } = require('oidc-provider')

export class IdentityProvider {
  readonly issuer: string
  readonly #server: Server

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.issuer = issuer
  }

  /** Whoever signs in as NAME is NAME@example.org, in these groups. */
  static async start(groups: readonly string[]): Promise<IdentityProvider> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'clawbernetes',
          application_type: 'native',
          token_endpoint_auth_method: 'none',
          redirect_uris: ['http://127.0.0.1/callback'],
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
          response_types: ['code'],
        },
      ],
      features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
      conformIdTokenClaims: false,
      cookies: { keys: ['only for this test'] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true, groups }),
      }),
    })
    server.on('request', provider.callback())
    return new IdentityProvider(server, issuer)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Goes where it is sent, and fills in every form, until it has come to a page without one. */
export async function signInAs(name: string, address: string): Promise<string> {
  const cookies = new Map<string, string>()
  let request: { url: URL; body: URLSearchParams | null } = { url: new URL(address), body: null }
  for (let steps = 0; steps < 20; steps += 1) {
    const { url, body } = request
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ')
    const reply = await fetch(url, {
      method: body === null ? 'GET' : 'POST',
      body,
      headers: { cookie },
      redirect: 'manual',
    })
    for (const line of reply.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(key, value)
    }
    const location = reply.headers.get('location')
    const text = await reply.text()
    const form = /<form[^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/s.exec(text)
    if (location !== null) request = { url: new URL(location, url), body: null }
    else if (form !== null) request = { url: new URL(form[1] ?? '', url), body: filled(form[2] ?? '', name) }
    else return text
  }
  throw new Error('it goes round in circles')
}

function filled(form: string, name: string): URLSearchParams {
  const fields = new URLSearchParams()
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const key = /name="([^"]+)"/.exec(input)?.[1]
    if (key !== undefined && key !== 'abort') fields.set(key, /value="([^"]*)"/.exec(input)?.[1] ?? '')
  }
  if (fields.has('login')) fields.set('login', name)
  if (fields.has('password')) fields.set('password', 'anything')
  return fields
}
