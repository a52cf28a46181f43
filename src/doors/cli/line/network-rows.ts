/** The commands on the overlay, as rows of the registry. */
import type { Row } from './row.ts'

export const networkRows: readonly Row[] = [
  {
    path: 'network wg enable',
    about: 'Turn the overlay on, over WireGuard.',
    load: () => import('../commands/network/wg/enable.ts'),
  },
  {
    path: 'network status',
    about: 'Show the overlay: every node’s address, and how the links from this peer are.',
    load: () => import('../commands/network/status.ts'),
  },
  {
    path: 'network ping',
    about: 'Send packets to a node over the overlay or the tailnet, and say what is wrong where none come back.',
    load: () => import('../commands/network/ping.ts'),
  },
  {
    path: 'network resolve',
    about: 'Look a name of the mesh up as its containers do, and show the addresses and ports behind it.',
    load: () => import('../commands/network/resolve.ts'),
  },
  {
    path: 'network wg show',
    about: 'Show WireGuard on a node: its interfaces, its peers and their traffic.',
    load: () => import('../commands/network/wg/show.ts'),
  },
  {
    path: 'network wg config',
    about: 'Print the configuration of WireGuard on a node, without its private key.',
    load: () => import('../commands/network/wg/config.ts'),
  },
  {
    path: 'network wg rotate',
    about: 'Have nodes take new keys while traffic goes on.',
    load: () => import('../commands/network/wg/rotate.ts'),
  },
  {
    path: 'network wg disable',
    about: 'Turn the overlay off.',
    load: () => import('../commands/network/wg/disable.ts'),
  },
  {
    path: 'network tailscale status',
    about: 'Show how a node is in its tailnet, and what to run where something is wrong.',
    load: () => import('../commands/network/tailscale/status.ts'),
  },
  {
    path: 'network tailscale up',
    about: 'Bring the tailnet of a node up.',
    load: () => import('../commands/network/tailscale/up.ts'),
  },
  {
    path: 'network tailscale down',
    about: 'Turn the tailnet of a node off.',
    load: () => import('../commands/network/tailscale/down.ts'),
  },
  {
    path: 'network tailscale config',
    about: 'Print the command that brings a node into its tailnet, and a drop-in for systemd.',
    load: () => import('../commands/network/tailscale/config.ts'),
  },
  {
    path: 'network tailscale acl',
    about: 'Print what the policy of a tailnet has to say for the nodes to reach each other.',
    load: () => import('../commands/network/tailscale/acl.ts'),
  },
]
