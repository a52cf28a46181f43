/** Logging in by a real OpenID provider, in a browser on the same machine and on another one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { idTokens } from '../../src/adapters/oidc/id-token.ts'
import { signIn } from '../../src/adapters/oidc/sign-in.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { standingOf } from '../../src/core/access/standing.ts'
import { ApiService } from '../../src/doors/api/service.ts'
import { failureFrom } from '../../src/model/failure.ts'
import { hour } from '../../src/model/time.ts'
import { silent } from '../../src/ports/log.ts'
import { LoginDesk } from '../../src/services/login/login-desk.ts'
import { ada, Book, found } from '../support/control-samples.ts'
import { fakeHost } from '../support/fake-host.ts'
import { FakeInvoker } from '../support/fake-invoker.ts'
import { identitiesFor } from '../support/identities.ts'
import { IdentityProvider, signInAs } from '../support/identity-provider.ts'
import { cli } from '../support/run-cli.ts'

let provider: IdentityProvider
let home: string
let book: Book
let service: ApiService
let address: string
const { signal } = new AbortController()

beforeAll(async () => {
  provider = await IdentityProvider.start(['ml-team'])
})
afterAll(() => provider.stop())

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'claw-oidc-'))
  book = new Book()
  book.run(found())
  await serve({ 'ml-team': 'operator' })
})
afterEach(async () => {
  await service.stop()
  rmSync(home, { recursive: true })
})

/** A peer that lets in whom the provider knows. */
async function serve(roles: Readonly<Record<string, string>>, clientId = 'clawbernetes'): Promise<void> {
  const { issuer } = provider
  const control = {
    state: book.state,
    fresh: () => Promise.resolve(),
    execute: (command: Parameters<Book['run']>[0], { id, by }: { id: string; by: string }) => {
      const { index, outcome } = book.run(command, { id, by, at: Date.now() })
      return outcome.ok
        ? Promise.resolve({ index, value: outcome.value })
        : Promise.reject(failureFrom(outcome.failure))
    },
  }
  const settings = { userClaim: 'email', groupsClaim: 'groups', scopes: 'openid email profile', lifetime: 12 * hour }
  const login = new LoginDesk(
    { issuer, clientId, roles, ...settings },
    {
      ...{ control, clock: systemClock, random: systemRandom },
      tokens: idTokens({ issuer, clientId }, () => Date.now()),
    },
  )
  const me = { id: 'x', kind: 'user', who: 'somebody', user: null, peer: 'ada', grants: [], limits: [] }
  const invoker = new FakeInvoker({ 'auth.whoami': () => me })
  service = new ApiService(
    {
      invoker,
      log: silent,
      version: '0.1.0',
      login,
      identities: identitiesFor(book.state),
    },
    {
      ...{ sockets: null, tcp: { host: '127.0.0.1', port: 0 }, tls: null, insecureListen: false, hosts: [] },
      requestsPerSecond: 1_000,
    },
  )
  await service.start()
  address = service.address ?? ''
}

/** The command line of somebody whose browser is there. */
async function login(...options: readonly string[]) {
  const host = {
    ...fakeHost({ home }),
    signIn: (asked: Parameters<typeof signIn>[0], tell: (line: string) => void, within: AbortSignal) =>
      signIn(
        asked,
        (line) => {
          tell(line)
          const url = /http:\/\/\S+/.exec(line)?.[0].replace(/,$/, '') ?? ''
          signInAs('ada', url).catch((error: unknown) => tell(String(error)))
        },
        within,
      ),
  }
  await cli(['context', 'add', 'lab', address], {}, host)
  return cli(['auth', 'login', 'lab', ...options], {}, host)
}

const secret = (): string =>
  (
    JSON.parse(readFileSync(join(home, '.config', 'clawbernetes', 'contexts.json'), 'utf8')) as {
      contexts: { lab: { token: string } }
    }
  ).contexts.lab.token

test.each([['--oidc'], ['--device']])(
  'with %s whom the provider knows becomes a user, with the role of the group and a key for some hours',
  async (option) => {
    const { code, err } = await login(option)
    expect(code, err).toBe(0)
    expect(secret()).toMatch(/^clk_/)
    const file = readFileSync(join(home, '.config', 'clawbernetes', 'contexts.json'), 'utf8')
    expect(JSON.parse(file)).toMatchObject({ contexts: { lab: { mesh: 'mesh-0123' } } })
    expect(err).not.toContain(secret())
    const [key] = [...book.state.apikeys.values()]
    expect(key).toMatchObject({ user: 'ada@example.org', lifetime: 12 * hour })
    expect(JSON.stringify(key)).not.toContain(secret())
    const identity = { kind: 'apikey', key: key?.id ?? '' } as const
    const standing = standingOf(book.state, { identity }, { at: Date.now(), self: ada })
    expect(standing).toMatchObject({ user: 'ada@example.org', grants: [{ role: 'operator' }] })
  },
)

test.each([
  ['a user of that name was made here', { type: 'create-user', name: 'ada@example.org' }],
  [
    'the user of that name is somebody else’s',
    { type: 'create-user', name: 'ada@example.org', login: { issuer: 'https://other.example', subject: 'ada' } },
  ],
] as const)('given %s, nobody logs in as that user until an administrator has linked the two', async (_, command) => {
  book.run(command)
  book.run({ type: 'bind-role', user: 'ada@example.org', binding: { role: 'admin', namespace: null } })
  const refused = await login('--oidc')
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('auth user link ada@example.org')])
  expect(book.state.apikeys.size).toBe(0)
  const subject = /user link \S+ \S+ ([^\s`]+)/.exec(refused.err.replace(/\s+/g, ' '))?.[1] ?? ''
  const { issuer } = provider
  book.run({ type: 'link-user', name: 'ada@example.org', login: { issuer, subject } })
  expect((await login('--oidc')).code).toBe(0)
  expect([...book.state.apikeys.values()].map(({ user }) => user)).toEqual(['ada@example.org'])
})

test('given somebody’s name at the provider changes, they stay who they are', async () => {
  await login('--oidc')
  const user = book.state.users.get('ada@example.org')
  if (user?.login === undefined) throw new Error('nobody was made')
  book.run({ type: 'remove-user', name: user.name })
  book.run({ type: 'create-user', name: 'ada-of-old', login: user.login })
  expect((await login('--oidc')).code).toBe(0)
  expect([...book.state.users.keys()]).toEqual(['ada-of-old'])
})

test('whoever is in no group that has a role is not let in', async () => {
  await service.stop()
  await serve({ 'other-team': 'admin' })
  const { code, err } = await login('--oidc')
  expect([code, err]).toEqual([3, expect.stringContaining('none of your groups has a role')])
  expect(book.state.users.size + book.state.apikeys.size).toBe(0)
})

test('whoever is disabled is not let in, and whoever has left a group loses its role', async () => {
  await login('--oidc')
  await service.stop()
  await serve({ 'ml-team': 'viewer', gone: 'operator' })
  expect((await login('--oidc')).code).toBe(0)
  expect(book.state.users.get('ada@example.org')?.bindings.map(({ role }) => role)).toEqual(['viewer'])
  book.run({ type: 'set-user', name: 'ada@example.org', disabled: true } as never)
  expect((await login('--oidc')).err).toContain('is disabled')
})

test('a token for somebody else, of nobody, changed, or of old is refused', async () => {
  const asked = { issuer: provider.issuer, clientId: 'clawbernetes', scopes: 'openid email profile', isDevice: false }
  const browse = (line: string): void => {
    signInAs('ada', /http:\/\/\S+/.exec(line)?.[0] ?? '').catch(() => 'then nobody comes back')
  }
  const token = await signIn(asked, browse, signal)
  const verify = (text: string, { clientId = 'clawbernetes', at = Date.now() } = {}) =>
    idTokens({ issuer: provider.issuer, clientId }, () => at).verify(text, signal)
  expect(await verify(token)).toMatchObject({ email: 'ada@example.org' })
  const [head = '', body = '', proof = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const forged = Buffer.from(JSON.stringify({ ...claims, email: 'root@example.org' })).toString('base64url')
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
  const byUs = Buffer.from('{"alg":"HS256"}').toString('base64url')
  for (const wrong of [
    `${head}.${forged}.${proof}`,
    `${unsigned}.${body}.`,
    `${byUs}.${body}.${proof}`,
    'x',
    `${head}.${body}`,
  ])
    await expect(verify(wrong)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  await expect(verify(token, { clientId: 'another' })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  await expect(verify(token, { at: Date.now() + 3 * hour })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  await expect(verify(token, { at: Date.now() - hour })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
})

test('where no provider is named, logging in says so', async () => {
  await service.stop()
  service = new ApiService(
    {
      invoker: new FakeInvoker({}),
      log: silent,
      version: '0.1.0',
      identities: identitiesFor(),
    },
    {
      ...{ sockets: null, tcp: { host: '127.0.0.1', port: 0 }, tls: null, insecureListen: false, hosts: [] },
      requestsPerSecond: 1_000,
    },
  )
  await service.start()
  address = service.address ?? ''
  const { code, err } = await login('--oidc')
  expect([code, err]).toEqual([2, expect.stringContaining('LOGIN_UNAVAILABLE')])
})
