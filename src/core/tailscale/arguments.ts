/** What `tailscale` is run with. No secret is among it: a key is named by the file that it is in. */
import { isClientSecret } from '../../model/tailnet.ts'
import type { TailscaleSetup } from './setup.ts'

/** All that the owner can set is named, also what is not wanted, so that what was wanted before is taken back. */
export function upArguments(setup: TailscaleSetup): readonly string[] {
  return [
    `--hostname=${setup.hostName}`,
    `--advertise-tags=${setup.tags.join(',')}`,
    `--accept-routes=${String(setup.acceptRoutes)}`,
    `--accept-dns=${String(setup.acceptDns)}`,
    `--advertise-routes=${setup.advertiseRoutes.join(',')}`,
    `--exit-node=${setup.exitNode ?? ''}`,
    ...(setup.loginServer === null ? [] : [`--login-server=${setup.loginServer}`]),
    ...(setup.operator === null ? [] : [`--operator=${setup.operator}`]),
  ]
}

interface Bounds {
  readonly isRenewal: boolean
  readonly seconds: number
}

/** For our own runs, which must end. */
export const boundedUp = (setup: TailscaleSetup, { isRenewal, seconds }: Bounds): readonly string[] => [
  ...upArguments(setup),
  `--timeout=${seconds}s`,
  ...(isRenewal ? ['--force-reauth'] : []),
]

/** The same for people. It asks for a login by hand where the owner has named no file. */
export const upCommand = (setup: TailscaleSetup, more: readonly string[] = []): string =>
  commandLine(setup, [
    'up',
    ...upArguments(setup),
    ...(setup.keyFile === null ? [] : [`--auth-key=file:${setup.keyFile}`]),
    ...more,
  ])

export const downCommand = (setup: TailscaleSetup): string => commandLine(setup, ['down'])

/** What the tailnet has to be told for each service, once its administrator has defined that. */
export const serveCommands = (setup: TailscaleSetup): readonly string[] =>
  setup.services.map(({ name, port, protocol, target }) =>
    commandLine(setup, [
      ...['serve', '--bg', `--service=svc:${name}`, `--${protocol}=${port}`],
      `${protocol === 'tcp' ? 'tcp' : 'http'}://127.0.0.1:${target}`,
    ]),
  )

const commandLine = ({ socket }: Pick<TailscaleSetup, 'socket'>, words: readonly string[]): string =>
  ['sudo', 'tailscale', ...(socket === null ? [] : [`--socket=${socket}`]), ...words].map(quoted).join(' ')

/** As a shell reads it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Of the secret of an OAuth client a key is made that is as it says behind the question mark. */
export const keyFor = (key: string, { ephemeral }: Pick<TailscaleSetup, 'ephemeral'>): string =>
  isClientSecret(key) && !key.includes('?') ? `${key}?ephemeral=${String(ephemeral)}&preauthorized=true` : key
