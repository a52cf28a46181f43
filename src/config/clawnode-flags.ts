/** What `clawnode` takes on its command line, and which setting each flag sets. */
import type { ParseArgsOptionsConfig } from 'node:util'

interface Flag {
  readonly type: 'string' | 'boolean'
  readonly multiple?: true
  readonly value?: string
  readonly about: string
  /** Path of the setting in the configuration; none for flags that ask for something else. */
  readonly sets?: readonly string[]
}

export const nodeFlags: Readonly<Record<string, Flag>> = {
  'data-dir': { type: 'string', value: 'DIR', about: 'Where the key and the state are kept', sets: ['dataDir'] },
  name: {
    type: 'string',
    value: 'NAME',
    about: 'Name of this node; the host name if left out',
    sets: ['node', 'name'],
  },
  label: {
    type: 'string',
    multiple: true,
    value: 'K=V',
    about: 'Label that workloads can select on; repeat for more',
    sets: ['node', 'labels'],
  },
  listen: {
    type: 'string',
    multiple: true,
    value: 'MULTIADDR',
    about: 'Where other peers connect to; repeat for more',
    sets: ['mesh', 'listen'],
  },
  announce: {
    type: 'string',
    multiple: true,
    value: 'MULTIADDR',
    about: 'Address to tell other peers; repeat for more',
    sets: ['mesh', 'announce'],
  },
  peer: {
    type: 'string',
    multiple: true,
    value: 'MULTIADDR',
    about: 'Member to connect to at start; repeat for more',
    sets: ['mesh', 'peers'],
  },
  'no-mdns': { type: 'boolean', about: 'Do not look for members by multicast DNS' },
  api: { type: 'string', value: 'HOST:PORT', about: 'Where HTTP and WebSocket are served', sets: ['api', 'listen'] },
  'insecure-listen': {
    type: 'boolean',
    about: 'Let --api be an address that other hosts reach, unencrypted',
    sets: ['api', 'insecureListen'],
  },
  'tls-cert': {
    type: 'string',
    value: 'FILE',
    about: 'Certificate for HTTPS, PEM; beyond loopback one of its own if left out',
    sets: ['api', 'tlsCert'],
  },
  'tls-key': { type: 'string', value: 'FILE', about: 'Its key, PEM', sets: ['api', 'tlsKey'] },
  'socket-group': {
    type: 'string',
    value: 'GROUP',
    about: 'Group whose members may use the sockets, and so the mesh',
    sets: ['api', 'socketGroup'],
  },
  'socket-dir': {
    type: 'string',
    value: 'DIR',
    about: 'Where the sockets are; the data directory, or /run/clawnode with --socket-group, if left out',
    sets: ['api', 'socketDir'],
  },
  executor: {
    type: 'string',
    value: 'KIND',
    about: 'docker, process or simulated; auto if left out',
    sets: ['executor', 'kind'],
  },
  'docker-host': {
    type: 'string',
    value: 'SOCKET',
    about: 'Docker Engine: a socket’s path, unix:///path or tcp://host:port',
    sets: ['executor', 'dockerHost'],
  },
  'simulate-gpus': {
    type: 'string',
    value: '8xH100[,4xA100]',
    about: 'Pretend to have these GPUs',
    sets: ['gpu', 'simulate'],
  },
  'gpu-sharing': {
    type: 'boolean',
    about: 'Let several workloads share one GPU; nothing in hardware keeps them apart',
    sets: ['gpu', 'sharing'],
  },
  'allow-system-run': {
    type: 'boolean',
    about: 'Let administrators of the mesh run programs on this host, as the daemon’s user',
    sets: ['system', 'allowRun'],
  },
  config: { type: 'string', value: 'FILE', about: 'TOML file; /etc/clawbernetes/clawnode.toml if there is one' },
  'log-level': { type: 'string', value: 'LEVEL', about: 'debug, info, warn or error', sets: ['logging', 'level'] },
  'log-format': { type: 'string', value: 'FORMAT', about: 'pretty or json', sets: ['logging', 'format'] },
  against: {
    type: 'string',
    multiple: true,
    value: 'HOST:PORT',
    about: 'preflight: peer whose clock is compared with ours; repeat for more',
  },
  systemd: { type: 'boolean', about: 'install: as a service of systemd' },
  user: { type: 'boolean', about: 'install, uninstall: of your own systemd instead of root’s' },
  destdir: {
    type: 'string',
    value: 'DIR',
    about: 'install, uninstall: write below DIR and start nothing, for packages',
  },
  drain: { type: 'boolean', about: 'upgrade: have the work of this node elsewhere meanwhile' },
  timeout: { type: 'string', value: 'TIME', about: 'upgrade: how long the drain may take; 30m if left out' },
  'restart-with': {
    type: 'string',
    value: 'COMMAND',
    about: 'upgrade: how the daemon is restarted where it is no service',
  },
  'dry-run': { type: 'boolean', about: 'install, uninstall, upgrade: say what would be done and do nothing' },
  'detect-gpus': { type: 'boolean', about: 'Print the GPUs of this host and exit' },
  json: { type: 'boolean', about: 'Print errors, detected GPUs and checks as JSON' },
  version: { type: 'boolean', about: 'Print the version and exit' },
  help: { type: 'boolean', about: 'Print this and exit' },
}

/** How it is called, and what that does. */
export const nodeUsages: readonly (readonly [line: string, about: string])[] = [
  ['clawnode start [options]', 'Found a mesh, or go on in the one that the data directory belongs to'],
  ['clawnode join TOKEN [options]', 'Join the mesh that the token is from; - reads it from standard input'],
  ['clawnode preflight [--json]', 'Check that this host is fit for it: exit code 0 yes, 1 with warnings, 2 no'],
  ['clawnode install --systemd', 'Have it started with this host; uninstall takes that back'],
  ['clawnode upgrade [--drain]', 'Restart it into the build that is on disk'],
  ['clawnode --detect-gpus [--json]', 'Print the GPUs of this host'],
]

/** Lines for a shell. */
export const nodeExamples: readonly string[] = [
  'clawnode start --name gpu-1',
  'clawbernetes token create | clawnode join - --name gpu-2',
  'clawnode preflight --against gpu-1:8080',
  'clawnode install --systemd --dry-run',
  'clawnode upgrade --drain --timeout 1h',
  'clawnode start --simulate-gpus 8xH100 --executor process --data-dir /tmp/claw',
]

/** What the command line gave, by flag. */
export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export const nodeArguments: ParseArgsOptionsConfig = Object.fromEntries(
  Object.entries(nodeFlags).map(([name, { type, multiple }]) => [
    name,
    { type, multiple: multiple ?? false, ...(name === 'help' && { short: 'h' }) },
  ]),
)

/** The whole help text. */
export function nodeHelp(): string {
  const rows = Object.entries(nodeFlags).map(
    ([name, { value, about }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, about] as const,
  )
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return [
    'clawnode: the Clawbernetes daemon. Run one on every GPU host.',
    '',
    'Usage:',
    ...nodeUsages.map(([line, about]) => `  ${line.padEnd(32)}  ${about}`),
    '',
    'Options:',
    ...rows.map(([flag, about]) => `  ${flag.padEnd(width)}  ${about}`),
    '',
    'Examples:',
    ...nodeExamples.map((example) => `  ${example}`),
  ].join('\n')
}
