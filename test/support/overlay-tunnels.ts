/** Configurations as the daemon writes them: with all that there can be, and with as little as there can be. */
import type { TunnelConfig } from '../../src/core/overlay/render.ts'

const key = (letter: string): string => `${letter.repeat(42)}8=`

export const fullTunnel: TunnelConfig = {
  privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
  port: 51_820,
  address: '10.100.0.1',
  mtu: 1_420,
  peers: [
    {
      ...{ name: 'gpu-2', publicKey: key('b'), presharedKey: key('p'), endpoint: '192.0.2.2:51820', keepalive: 25 },
      allowed: ['10.100.0.2/32', '10.200.2.0/24'],
    },
    {
      ...{ name: 'gpu-3', publicKey: key('c'), presharedKey: null, endpoint: '[2001:db8::3]:51821', keepalive: null },
      allowed: ['10.100.0.3/32', '10.200.3.0/24', '10.100.0.9/32', '10.200.9.0/24'],
    },
    {
      ...{ name: 'behind\nPostUp = rm', publicKey: key('d'), presharedKey: null, endpoint: null, keepalive: null },
      allowed: ['10.100.0.4/32', '10.200.4.0/24'],
    },
  ],
}

export const loneTunnel: TunnelConfig = { ...fullTunnel, port: 51_821, mtu: 1_280, peers: [] }
