/** Reads what `tailscale status --json` prints. Its form changes between versions: what is not needed is not looked at, and what is gets a form here. */
import { z } from 'zod'
import { backendStates, type Tailnet, type TailnetPeer } from '../../model/tailnet.ts'

/** More than a tailnet has; what comes after is left out. */
const mostPeers = 10_000
const mostAddresses = 8
const mostHealth = 8
const longestText = 256

const text = z.string().transform((value) => printable(value).slice(0, longestText))
const shortText = text.nullish().transform((value) => value ?? '')
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true)
const ip = z.union([z.ipv4(), z.ipv6()])
const list = <T extends z.ZodType>(item: T, most: number) =>
  z
    .array(z.unknown())
    .nullish()
    .transform((values): readonly z.output<T>[] =>
      (values ?? []).slice(0, most).flatMap((value) => {
        const parsed = item.safeParse(value)
        return parsed.success ? [parsed.data] : []
      }),
    )

const Machine = z.object({
  HostName: shortText,
  DNSName: shortText,
  TailscaleIPs: list(ip, mostAddresses),
  Tags: list(text, 32),
  CurAddr: shortText,
  Relay: shortText,
  Online: flag,
  Active: flag,
  Expired: flag,
  KeyExpiry: z.string().max(64).nullish(),
})

const Status = z.object({
  Version: shortText,
  TUN: z.boolean().nullish(),
  BackendState: z.enum(backendStates),
  HaveNodeKey: flag,
  AuthURL: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .nullish()
    .catch(null),
  TailscaleIPs: list(ip, mostAddresses),
  Self: Machine.nullish(),
  Health: list(text, mostHealth),
  CurrentTailnet: z.object({ Name: shortText }).nullish(),
  Peer: z.record(z.string(), z.unknown()).nullish(),
})

/** Null for what is no such status. A machine of the tailnet that cannot be read is left out, and is no reason to be without the others. */
export function readStatus(printed: string): Tailnet | null {
  const parsed = Status.safeParse(parse(printed))
  if (!parsed.success) return null
  const { BackendState: state, Self: self, CurrentTailnet: tailnet, ...rest } = parsed.data
  return {
    ...{ state, version: rest.Version.split('-')[0] ?? '', name: tailnet?.Name || null },
    ...{ hostName: self?.HostName ?? '', dnsName: (self?.DNSName ?? '').replace(/\.$/, '') },
    addresses: usable(rest.TailscaleIPs.length > 0 ? rest.TailscaleIPs : (self?.TailscaleIPs ?? [])),
    ...{ tags: self?.Tags ?? [], isUserspace: rest.TUN === false, hasNodeKey: rest.HaveNodeKey },
    ...{ isExpired: self?.Expired === true, keyExpiresAt: instantOf(self?.KeyExpiry ?? null) },
    ...{ loginUrl: rest.AuthURL || null, health: rest.Health },
    peers: Object.values(rest.Peer ?? {})
      .slice(0, mostPeers)
      .flatMap((peer) => peerOf(peer) ?? []),
  }
}

function peerOf(value: unknown): TailnetPeer | null {
  const parsed = Machine.safeParse(value)
  if (!parsed.success) return null
  const { data } = parsed
  return {
    ...{ hostName: data.HostName, addresses: usable(data.TailscaleIPs), isExpired: data.Expired },
    ...{ isOnline: data.Online, isActive: data.Active, direct: data.CurAddr || null, relay: data.Relay || null },
  }
}

function parse(printed: string): unknown {
  try {
    return JSON.parse(printed)
  } catch {
    // It is no status, which the caller says.
    return null
  }
}

/** Go's zero time is no time. */
function instantOf(time: string | null): number | null {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) || at <= 0 ? null : at
}

/** One host’s own; nobody is reached at the others, whoever says so. */
const usable = (addresses: readonly string[]): readonly string[] =>
  addresses.filter((address) => !/^(0\.|22[4-9]\.|23\d\.|24\d\.|25\d\.|::$|ff|fe[89ab])/i.test(address))

const printable = (value: string): string => value.replace(/[^\x20-\x7e\u00a0-\u{10ffff}]/gu, ' ')
