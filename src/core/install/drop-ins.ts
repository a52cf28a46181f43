/** What systemd has to let a daemon do for the network that its settings ask for, as a file beside the unit. */
import { systemdWord } from './systemd-words.ts'

export interface DropIn {
  /** Below the folder of the unit’s drop-ins. */
  readonly file: string
  readonly text: string
}

/** Where systemd looks for those of the unit that the package brings. */
export const dropInFolder = '/etc/systemd/system/clawnode.service.d'

/** The daemon is no root: interfaces and routes are given to it, and port 53 for names. */
export const wireguardDropIn: DropIn = {
  file: 'wireguard.conf',
  text: lines([
    `# ${dropInFolder}/wireguard.conf, then: systemctl daemon-reload && systemctl restart clawnode`,
    '[Service]',
    '# The module, which the daemon may not load; one that is not there is no error where wireguard-go is.',
    'ExecStartPre=-+/sbin/modprobe wireguard',
    '# Interfaces, routes and the fence, and port 53 for names of the mesh.',
    'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_BIND_SERVICE',
    'AmbientCapabilities=CAP_NET_ADMIN CAP_NET_BIND_SERVICE',
  ]),
}

/** What systemd calls the key that it hands on. */
export const keyCredential = 'tailscale-key'

/** How the daemon gets its key, if it does. */
export type KeySource =
  { readonly kind: 'environment'; readonly name: string } | { readonly kind: 'file'; readonly path: string }

export interface TailscaleWish {
  readonly key: KeySource
  /** The user of the unit. */
  readonly operator: string
  /** Of the client's daemon; null for the usual one. */
  readonly socket: string | null
}

export function tailscaleDropIn({ key, operator, socket }: TailscaleWish): DropIn {
  const options = socket === null ? [] : [`--socket=${socket}`]
  const command = ['/usr/bin/tailscale', ...options, 'set', `--operator=${operator}`]
  return {
    file: 'tailscale.conf',
    text: lines([
      `# ${dropInFolder}/tailscale.conf, then: systemctl daemon-reload && systemctl restart clawnode`,
      '[Unit]',
      'Wants=tailscaled.service',
      'After=tailscaled.service',
      '',
      '[Service]',
      '# As root, so that the daemon, which is none, may bring the tailnet up.',
      `ExecStartPre=-+${command.map(systemdWord).join(' ')}`,
      ...(key.kind === 'environment'
        ? [
            `# One line, ${key.name}=tskey-auth-…, for root’s eyes only: chmod 600.`,
            'EnvironmentFile=-/etc/clawbernetes/tailscale.env',
          ]
        : [
            '# Root’s file; systemd hands the daemon a copy that nobody else can read.',
            `LoadCredential=${keyCredential}:${key.path.replaceAll('%', '%%')}`,
          ]),
    ]),
  }
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
