/** Which peer to talk to, and what to show it: what was asked for, else what the environment says, else the daemon of this host. */
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Host } from '../host.ts'

export type Address =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'url'
      readonly url: URL
      readonly token: string | null
      /** Where the token was found, for when it is the wrong one; null without a token. */
      readonly tokenFrom: string | null
      /** Of the certificate that it shows, where it is known by that. */
      readonly fingerprint?: string
    }
  | { readonly kind: 'multiaddr'; readonly address: string }

export interface Asked {
  readonly gateway: string | undefined
  readonly token: string | undefined
  readonly tokenFile: string | undefined
}

type Around = Pick<Host, 'env' | 'home'>

/** Throws INVALID_REQUEST for what is no address, and CONFIG_INVALID for a token file that cannot be read. */
export async function addressFor(asked: Asked, around: Around): Promise<Address> {
  const { env } = around
  const wanted =
    asked.gateway || env['CLAWBERNETES_GATEWAY_URL'] || env['CLAWBERNETES_GATEWAY'] || env['CLAWNODE_GATEWAY']
  if (wanted !== undefined && wanted !== '') return pinned(await withToken(parseAddress(wanted), asked, around), env)
  const path = await localSocket(around)
  if (path !== null) return { kind: 'socket', path }
  return withToken(parseAddress('http://127.0.0.1:8080'), asked, around)
}

/** Of a mesh with a name: tokens that lie around this host belong to others, and it must not learn them. Throws as `addressFor` does. */
export async function namedAddress(
  gateway: string,
  asked: Omit<Asked, 'gateway'>,
  fingerprints: Readonly<Record<string, string>> = {},
): Promise<Address> {
  const address = parseAddress(gateway)
  if (address.kind !== 'url') return address
  const fingerprint = fingerprints[address.url.origin]
  const token = (await askedToken(asked)) ?? { token: null, tokenFrom: null }
  return { ...address, ...token, ...(fingerprint === undefined ? {} : { fingerprint }) }
}

/** For scripts, which keep no context. */
function pinned(address: Address, env: Host['env']): Address {
  const fingerprint = env['CLAWBERNETES_FINGERPRINT']
  return address.kind === 'url' && fingerprint !== undefined && fingerprint !== ''
    ? { ...address, fingerprint }
    : address
}

export function parseAddress(text: string): Address {
  const invalid = (): ClawError =>
    new ClawError('INVALID_REQUEST', {
      problem: `${text} is no address of a peer: write http://HOST:PORT, unix:PATH, or a multiaddr`,
    })
  const socket = /^unix:(?:\/\/)?(.+)$/.exec(text)?.[1]
  if (socket !== undefined) return { kind: 'socket', path: socket }
  if (/^\/(ip4|ip6|dns|dns4|dns6|dnsaddr|p2p)\//.test(text)) {
    if (!/\/p2p\/[^/]+$/.test(text))
      throw new ClawError('INVALID_REQUEST', { problem: `${text} lacks the id of the peer: write /p2p/ID behind it` })
    return { kind: 'multiaddr', address: text }
  }
  if (text.startsWith('/')) return { kind: 'socket', path: text }
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text.replace(/^ws/i, 'http') : `http://${text}`)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') throw invalid()
  return { kind: 'url', url: new URL(url.origin), token: null, tokenFrom: null }
}

async function withToken(address: Address, asked: Asked, around: Around): Promise<Address> {
  return address.kind === 'url' ? { ...address, ...(await tokenFor(address.url, asked, around)) } : address
}

interface Found {
  readonly token: string | null
  readonly tokenFrom: string | null
}

async function askedToken({ token, tokenFile }: Omit<Asked, 'gateway'>): Promise<Found | null> {
  if (token !== undefined) return { token, tokenFrom: '--token' }
  return tokenFile === undefined ? null : { token: await readToken(tokenFile), tokenFrom: tokenFile }
}

async function tokenFor(url: URL, { token, tokenFile }: Asked, around: Around): Promise<Found> {
  const { env } = around
  const asked = await askedToken({ token, tokenFile: tokenFile ?? (env['CLAWBERNETES_TOKEN_FILE'] || undefined) })
  if (asked !== null) return asked
  const given = env['CLAWBERNETES_TOKEN']
  if (given !== undefined && given !== '') return { token: given, tokenFrom: 'CLAWBERNETES_TOKEN' }
  // This host's own token is for this host only: another would learn it.
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) return { token: null, tokenFrom: null }
  const found = await firstOf(dataDirectories(around), (directory) => tokenIn(directory))
  return found ?? { token: null, tokenFrom: null }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new ClawError('CONFIG_INVALID', { file, problem: (error as Error).message }, { cause: error })
  }
}

async function tokenIn(directory: string): Promise<Found | null> {
  const file = join(directory, 'api-token')
  try {
    return { token: (await readFile(file, 'utf8')).trim(), tokenFrom: file }
  } catch (error) {
    if (isOutOfReach(error)) return null
    throw error
  }
}

const isOutOfReach = (error: unknown): boolean =>
  ['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

/** Sockets of the daemon’s owner, of its group, and of those who may look. */
const sockets = ['api.sock', 'ro.sock']

/** Where a daemon of this host may keep its files, likeliest first: somebody's own, that of the service, the peers of the quickstart. */
function dataDirectories({ env, home }: Around): readonly string[] {
  const own = env['CLAWBERNETES_DATA_DIR']
  const usual = join(home, '.clawbernetes')
  const quickstart = [1, 2, 3].map((number) => join(usual, 'quickstart', `peer-${number}`))
  return [...(own === undefined || own === '' ? [] : [own]), usual, '/var/lib/clawnode', '/run/clawnode', ...quickstart]
}

/** The socket of a daemon that answers; else one that is there, so that the user is told where nothing answers; else null. */
async function localSocket(around: Around): Promise<string | null> {
  // Whoever may do everything is not held to looking because of a socket elsewhere.
  const paths = sockets.flatMap((name) => dataDirectories(around).map((directory) => join(directory, name)))
  const there = await Promise.all(paths.map(async (path) => ((await isSocket(path)) ? path : null)))
  const found = there.filter((path) => path !== null)
  return (await firstOf(found, async (path) => ((await answers(path)) ? path : null))) ?? found[0] ?? null
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket()
  } catch (error) {
    if (isOutOfReach(error)) return false
    throw error
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const done = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => {
      done(true)
    })
    socket.once('error', () => {
      done(false)
    })
  })

async function firstOf<T, R>(items: readonly T[], find: (item: T) => Promise<R | null>): Promise<R | null> {
  for (const item of items) {
    const found = await find(item)
    if (found !== null) return found
  }
  return null
}
