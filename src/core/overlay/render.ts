/** The configuration of one lane as WireGuard’s own tools read it. */

export interface TunnelPeer {
  /** For people who read the file. */
  readonly name: string
  readonly publicKey: string
  readonly presharedKey: string | null
  /** None for one that is only looked for. */
  readonly allowed: readonly string[]
  /** HOST:PORT; null where it has to begin. */
  readonly endpoint: string | null
  /** Seconds; null where packets find their way by themselves. */
  readonly keepalive: number | null
}

export interface TunnelConfig {
  readonly privateKey: string
  readonly port: number
  /** The node's own, without a prefix length. */
  readonly address: string
  readonly mtu: number
  readonly peers: readonly TunnelPeer[]
}

/**
 * For `wg setconf` and `wg syncconf`, which know nothing of addresses. `syncconf` leaves what is not named as it was: nothing is left out,
 * but for ranges, of which a peer has none then.
 */
export const renderSetconf = ({ privateKey, port, peers }: TunnelConfig): string =>
  text([
    ['[Interface]', `PrivateKey = ${privateKey}`, `ListenPort = ${port}`],
    ...peers.map((peer) => [...peerLines(peer), ...absences(peer)]),
  ])

/** For `wg-quick`, which also sets the address and the routes, and the fence before them: without `nft` it does not set up anything. */
export const renderQuick = ({ privateKey, port, address, mtu, peers }: TunnelConfig): string =>
  text([
    [
      ...[
        '[Interface]',
        `PrivateKey = ${privateKey}`,
        `ListenPort = ${port}`,
        `Address = ${address}/32`,
        `MTU = ${mtu}`,
      ],
      `PreUp = nft '${fence.join('; ')}'`,
      `PostDown = nft 'add table ${table}; delete table ${table}'`,
    ],
    ...peers.map(peerLines),
  ])

/** `%i` is the interface, which is called as the file is. */
const table = 'inet %i-fence'

/** What is behind bridges of the host, such as containers, stays out of the overlay, and the overlay out of that; what is answered may pass. */
const fence = [
  `add table ${table}`,
  `flush table ${table}`,
  `add chain ${table} forward { type filter hook forward priority -5 ; policy accept ; }`,
  `add rule ${table} forward oifname "%i" meta iifkind "bridge" ct state new drop`,
  `add rule ${table} forward iifname "%i" meta oifkind "bridge" ct state new drop`,
]

function peerLines({ name, publicKey, presharedKey, allowed, endpoint, keepalive }: TunnelPeer): readonly string[] {
  return [
    '[Peer]',
    `# ${name.replace(/[^\x20-\x7e]/g, '?')}`,
    `PublicKey = ${publicKey}`,
    ...(presharedKey === null ? [] : [`PresharedKey = ${presharedKey}`]),
    ...(allowed.length === 0 ? [] : [`AllowedIPs = ${allowed.join(', ')}`]),
    ...(endpoint === null ? [] : [`Endpoint = ${endpoint}`]),
    ...(keepalive === null ? [] : [`PersistentKeepalive = ${keepalive}`]),
  ]
}

/** None, in WireGuard's words. */
const noSecret = Buffer.alloc(32).toString('base64')

const absences = ({ presharedKey, keepalive }: TunnelPeer): readonly string[] => [
  ...(presharedKey === null ? [`PresharedKey = ${noSecret}`] : []),
  ...(keepalive === null ? ['PersistentKeepalive = off'] : []),
]

const text = (sections: readonly (readonly string[])[]): string =>
  `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
