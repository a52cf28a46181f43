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
  config: { type: 'string', value: 'FILE', about: 'TOML file; /etc/clawbernetes/clawnode.toml if there is one' },
  'log-level': { type: 'string', value: 'LEVEL', about: 'debug, info, warn or error', sets: ['logging', 'level'] },
  'log-format': { type: 'string', value: 'FORMAT', about: 'pretty or json', sets: ['logging', 'format'] },
  'detect-gpus': { type: 'boolean', about: 'Print the GPUs of this host and exit' },
  json: { type: 'boolean', about: 'Print errors and detected GPUs as JSON' },
  version: { type: 'boolean', about: 'Print the version and exit' },
  help: { type: 'boolean', about: 'Print this and exit' },
}

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
    '  clawnode start [options]          Found a mesh, or go on in the one that the data directory belongs to',
    '  clawnode join TOKEN [options]     Join the mesh that the token is from; - reads it from standard input',
    '  clawnode --detect-gpus [--json]   Print the GPUs of this host',
    '',
    'Options:',
    ...rows.map(([flag, about]) => `  ${flag.padEnd(width)}  ${about}`),
    '',
    'Examples:',
    '  clawnode start --name gpu-1',
    '  clawbernetes token create | clawnode join - --name gpu-2',
    '  clawnode start --simulate-gpus 8xH100 --executor process --data-dir /tmp/claw',
  ].join('\n')
}
