/** Settings of a host's place in a tailnet, and what its client says there. */
import type { TailscaleSetup } from '../../src/core/tailscale/setup.ts'
import type { Tailnet, TailnetPeer } from '../../src/model/tailnet.ts'

/** Those of the seed, for a node that is called ada and whose daemon is root. */
export const plainSetup: TailscaleSetup = {
  ...{ hostName: 'clawnode-ada', tags: ['tag:clawbernetes'], loginServer: null, exitNode: null },
  ...{ acceptRoutes: false, acceptDns: true, advertiseRoutes: [], ephemeral: false, tailnet: null, meshCidr: null },
  ...{ manages: true, socket: null, keyFile: null, operator: null, services: [] },
}

export const otherMachine: TailnetPeer = {
  ...{ hostName: 'clawnode-bob', addresses: ['100.64.0.2'], isOnline: true, isActive: true },
  ...{ direct: null, relay: 'fra', isExpired: false },
}

export const running: Tailnet = {
  ...{ state: 'Running', version: '1.98.8', name: 'example.org', hostName: 'clawnode-ada' },
  ...{
    dnsName: 'clawnode-ada.tail.ts.net',
    addresses: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
    tags: ['tag:clawbernetes'],
  },
  ...{ isUserspace: false, hasNodeKey: true, isExpired: false, keyExpiresAt: null, loginUrl: null, health: [] },
  peers: [otherMachine],
}

/** As the client prints it; what is not needed is left out. */
export const printed = (parts: object = {}): string =>
  JSON.stringify({
    ...{ Version: '1.98.8-t1-g2', TUN: true, BackendState: 'Running', HaveNodeKey: true, AuthURL: '' },
    TailscaleIPs: ['100.64.0.1', 'fd7a:115c:a1e0::1'],
    Self: {
      ...{ HostName: 'clawnode-ada', DNSName: 'clawnode-ada.tail.ts.net.', TailscaleIPs: ['100.64.0.1'] },
      ...{ Tags: ['tag:clawbernetes'], Online: true },
    },
    Health: [],
    CurrentTailnet: { Name: 'example.org', MagicDNSSuffix: 'tail.ts.net', MagicDNSEnabled: true },
    Peer: {
      'nodekey:1': {
        ...{ HostName: 'clawnode-bob', DNSName: 'clawnode-bob.tail.ts.net.', TailscaleIPs: ['100.64.0.2'] },
        ...{ CurAddr: '', Relay: 'fra', Online: true, Active: true },
      },
    },
    ...parts,
  })

export const needsLogin = (parts: object = {}): string =>
  printed({
    ...{ BackendState: 'NeedsLogin', HaveNodeKey: false, TailscaleIPs: null, Self: {}, Peer: null },
    ...{ CurrentTailnet: null, ...parts },
  })
