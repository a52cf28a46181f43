/** A tailnet, a network that Tailscale or a server of its kind gives out the addresses of, as one host takes part in it. */
import type { Instant } from './time.ts'

/** As the client itself calls them. */
export const backendStates = [
  'NoState',
  'InUseOtherUser',
  'NeedsLogin',
  'NeedsMachineAuth',
  'Stopped',
  'Starting',
  'Running',
] as const
export type BackendState = (typeof backendStates)[number]

/** Another machine of the tailnet, as the client of this host sees it. */
export interface TailnetPeer {
  readonly hostName: string
  readonly addresses: readonly string[]
  /** It is in touch with the server. */
  readonly isOnline: boolean
  /** Something was sent to it lately. */
  readonly isActive: boolean
  /** Where packets go straight to it, HOST:PORT; null while they do not. */
  readonly direct: string | null
  /** The relay that is nearest to it; null where none is told. */
  readonly relay: string | null
  readonly isExpired: boolean
}

export interface Tailnet {
  readonly state: BackendState
  readonly version: string
  /** Of the tailnet; null while this host is in none. */
  readonly name: string | null
  readonly hostName: string
  /** Of this host, without the dot at the end; empty while it has none. */
  readonly dnsName: string
  readonly addresses: readonly string[]
  readonly tags: readonly string[]
  /** The client makes no interface: others get in, and nothing of this host gets out by itself. */
  readonly isUserspace: boolean
  /** It was logged in before. */
  readonly hasNodeKey: boolean
  readonly isExpired: boolean
  /** Null for a key that does not run out, as those of machines with tags. */
  readonly keyExpiresAt: Instant | null
  /** Where a person lets this machine in. Whoever opens it decides into which tailnet: it is not for everybody. */
  readonly loginUrl: string | null
  /** What the client finds wrong, in its words. */
  readonly health: readonly string[]
  readonly peers: readonly TailnetPeer[]
}

/** Least that a key has, wherever it comes from. */
const shortestKey = 10
const longestKey = 1_024

/** What is wrong with a key that a host logs in with, in words that do not hold it; null when nothing is. Servers of others have keys of their own form. */
export function authKeyProblem(key: string, server: 'tailscale' | 'other'): string | null {
  if (key.length < shortestKey) return `a key has at least ${shortestKey} characters`
  if (key.length > longestKey || !/^[\x21-\x7e]+$/.test(key)) return 'a key is one word'
  if (key.startsWith('tskey-api-')) return 'a key that begins with tskey-api- is for the API, not for hosts'
  if (server === 'tailscale' && !key.startsWith('tskey-'))
    return 'a key of Tailscale begins with tskey-auth-, tskey-client- or tskey-'
  return null
}

/** Secret of an OAuth client, of which the client of the host makes a key for itself. */
export const isClientSecret = (key: string): boolean => key.startsWith('tskey-client-')

const keys = /\b(tskey|hskey)-[^\s'"]+/g

/** The text without that key, and without anything else that looks like one. */
export const withoutKeys = (text: string, key: string | null): string =>
  (key === null ? text : text.replaceAll(key, '(key)')).replace(keys, '(key)')
