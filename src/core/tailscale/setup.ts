/** What the owner of a host has said of its place in a tailnet. */

export interface TailscaleSetup {
  /** Under which this host is there. */
  readonly hostName: string
  readonly tags: readonly string[]
  /** Base URL of another server than Tailscale's own, such as Headscale; null for that. */
  readonly loginServer: string | null
  readonly exitNode: string | null
  readonly acceptRoutes: boolean
  readonly acceptDns: boolean
  readonly advertiseRoutes: readonly string[]
  /** The machine goes from the tailnet when it is gone; only where its key is made of the secret of an OAuth client. */
  readonly ephemeral: boolean
  /** The one that it has to be; null for whichever it is. */
  readonly tailnet: string | null
  /** Only addresses in this range are told others; null for all. */
  readonly meshCidr: string | null
  /** The daemon brings it up; otherwise its owner does. */
  readonly manages: boolean
  /** Of the client's daemon; null for the usual one. */
  readonly socket: string | null
  /** File of the owner's that holds the key, for commands that people run. */
  readonly keyFile: string | null
  /** Whom the client has to let: the user of the daemon; null for root, who may anyway. */
  readonly operator: string | null
  readonly services: readonly TailnetService[]
}

/** Something of the mesh that the tailnet gives an address of its own. */
export interface TailnetService {
  readonly name: string
  readonly port: number
  readonly protocol: 'tcp' | 'http' | 'https'
  /** Port of this host behind it. */
  readonly target: number
}

const longestLabel = 63

/** The prefix once, and what may stand in a label of DNS. */
export function tailnetHostName(prefix: string, node: string): string {
  const label = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const [first, own] = [label(prefix), label(node)]
  const whole = first === '' || own === first || own.startsWith(`${first}-`) ? own : `${first}-${own}`
  return whole.slice(0, longestLabel).replace(/^-+|-+$/g, '') || 'node'
}
