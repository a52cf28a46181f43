/** Which peers a command line is about: those of a context, or the one that `addressFor` finds. */
import type { Address, Asked } from './address.ts'
import { addressFor, namedAddress } from './address.ts'
import { type Context, contextIn, local, readContexts } from './contexts.ts'
import type { Host } from '../host.ts'

export interface Target {
  /** Of the context; null when none was asked for. */
  readonly context: string | null
  /** The first that answers is taken. */
  readonly addresses: readonly Address[]
  readonly operatorKey: string | undefined
  /** The mesh that the context is about; null where that is not known. */
  readonly mesh: string | null
}

interface Wanted extends Asked {
  readonly context: string | undefined
  readonly operatorKey: string | undefined
}

const gatewayVariables = ['CLAWBERNETES_GATEWAY_URL', 'CLAWBERNETES_GATEWAY', 'CLAWNODE_GATEWAY']

/**
 * `--gateway`, else `--context`, else an address in the environment, else a context in the environment, else the one in use.
 * Throws CONTEXT_NOT_FOUND, and what `addressFor` throws.
 */
export async function targetFor(wanted: Wanted, host: Pick<Host, 'env' | 'home'>): Promise<Target> {
  const { env } = host
  const hasAddress = gatewayVariables.some((name) => (env[name] ?? '') !== '')
  const isDirect = wanted.gateway !== undefined || (wanted.context === undefined && hasAddress)
  if (isDirect) return direct(wanted, host)
  const name = await nameOfContext(wanted.context, host)
  // Said in so many words, the daemon of this host is meant even where the environment names another.
  if (name === null || name === local) return direct(wanted, { ...host, env: withoutGateway(env) })
  const target = await contextTarget(contextIn(await readContexts(host), name), wanted)
  return { ...target, context: name }
}

type Credentials = Pick<Wanted, 'token' | 'tokenFile' | 'operatorKey'>

const nothing: Credentials = { token: undefined, tokenFile: undefined, operatorKey: undefined }

/** The peers of a context, and how to get in there unless it is said otherwise. */
export async function contextTarget(context: Context, wanted: Credentials = nothing): Promise<Omit<Target, 'context'>> {
  const { token, tokenFile, operatorKey } = wanted
  const credentials = {
    token: token ?? (tokenFile === undefined ? context.token : undefined),
    tokenFile: tokenFile ?? context.tokenFile,
  }
  const addresses = context.addresses.map((gateway) => namedAddress(gateway, credentials, context.fingerprints))
  return {
    addresses: (await Promise.all(addresses)).map((address) => asAsked(address, wanted)),
    operatorKey: operatorKey ?? context.operatorKey,
    mesh: context.mesh ?? null,
  }
}

/** Whoever names a key wants to come as its holder, not as whoever a token that lies about stands for. */
const asAsked = (address: Address, { operatorKey, token, tokenFile }: Credentials): Address =>
  address.kind === 'url' && operatorKey !== undefined && token === undefined && tokenFile === undefined
    ? { ...address, token: null, tokenFrom: null }
    : address

/** Which context is in use; null for none. */
export async function nameOfContext(
  asked: string | undefined,
  host: Pick<Host, 'env' | 'home'>,
): Promise<string | null> {
  const named = asked ?? (host.env['CLAWBERNETES_CONTEXT'] || undefined)
  if (named !== undefined && named !== '') return named
  return (await readContexts(host)).current
}

async function direct(wanted: Wanted, host: Pick<Host, 'env' | 'home'>): Promise<Target> {
  const address = asAsked(await addressFor(wanted, host), wanted)
  return { context: null, addresses: [address], operatorKey: wanted.operatorKey, mesh: null }
}

/** What is shown there to get in, in words; null for nothing. */
export function accessTo(address: Address, operatorKey: string | undefined): string | null {
  switch (address.kind) {
    case 'socket':
      return 'its socket'
    case 'url':
      if (address.tokenFrom !== null) return `token in ${address.tokenFrom}`
      return operatorKey === undefined ? null : `key in ${operatorKey}`
    case 'multiaddr':
      return `key in ${operatorKey ?? 'its usual place'}`
  }
}

const withoutGateway = (env: Host['env']): Host['env'] =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !gatewayVariables.includes(name)))
