/** The options that every command takes. */
import type { OptionSpec } from './command.ts'

export const globalOptions = {
  output: {
    kind: 'text',
    short: 'o',
    value: 'FORMAT',
    about: 'table, wide, json, yaml, jsonl, name, or jsonpath=EXPR',
  },
  json: { kind: 'flag', about: 'Same as -o json' },
  quiet: { kind: 'flag', short: 'q', about: 'Ids only, and no talk' },
  'no-headers': { kind: 'flag', about: 'Tables without their first line' },
  'no-trunc': { kind: 'flag', about: 'Tables wider than the terminal rather than cut' },
  color: { kind: 'text', value: 'WHEN', about: 'auto, always or never; env NO_COLOR and FORCE_COLOR' },
  context: {
    kind: 'text',
    value: 'NAME',
    about: 'Mesh to talk to, as `context ls` names it; env CLAWBERNETES_CONTEXT',
  },
  gateway: {
    kind: 'text',
    short: 'g',
    value: 'URL',
    about: 'Peer to talk to: http://HOST:PORT, unix:PATH, or a multiaddr; env CLAWBERNETES_GATEWAY_URL',
  },
  'token-file': { kind: 'text', value: 'FILE', about: 'File with the API token; env CLAWBERNETES_TOKEN_FILE' },
  token: {
    kind: 'text',
    value: 'TOKEN',
    about: 'The API token itself; better in a file, or in env CLAWBERNETES_TOKEN',
  },
  'request-timeout': {
    kind: 'text',
    value: 'TIME',
    about: 'How long the peer may take to answer; 35s if left out, 10s for status',
  },
  consistency: {
    kind: 'text',
    value: 'LEVEL',
    about: 'How fresh the answer must be: stale, session (with --index) or linearizable',
  },
  index: { kind: 'text', value: 'N', about: 'At least up to this log index, as an earlier answer gave it' },
  'operator-key': { kind: 'text', value: 'FILE', about: 'Key to attach with by multiaddr' },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Taken everywhere, shown nowhere. `-f` means the format only before the command: behind it, it may mean follow. */
export const formatAlias = { kind: 'text', value: 'FORMAT', about: 'Same as -o' } as const

export interface Globals {
  readonly output: string | undefined
  readonly quiet: boolean
  readonly headers: boolean
  readonly trunc: boolean
  readonly color: string | undefined
  readonly context: string | undefined
  readonly gateway: string | undefined
  readonly token: string | undefined
  readonly tokenFile: string | undefined
  readonly operatorKey: string | undefined
  readonly requestTimeout: string | undefined
  readonly consistency: string | undefined
  readonly index: string | undefined
}

type Values = Readonly<Record<string, unknown>>

/** What stands behind the command wins over what stands before it. */
export function globalsFrom(before: Values, behind: Values): Globals {
  const pick = (name: string): string | undefined => (behind[name] ?? before[name]) as string | undefined
  const either = (name: string, value: boolean): boolean => behind[name] === value || before[name] === value
  const isJson = either('json', true)
  return {
    quiet: either('quiet', true),
    headers: !either('headers', false),
    trunc: !either('trunc', false),
    color: pick('color'),
    output: isJson ? 'json' : (pick('output') ?? pick('format')),
    context: pick('context'),
    gateway: pick('gateway'),
    token: pick('token'),
    tokenFile: pick('tokenFile'),
    operatorKey: pick('operatorKey'),
    requestTimeout: pick('requestTimeout'),
    consistency: pick('consistency'),
    index: pick('index'),
  }
}

/** Was JSON asked for? Answered from the bare words, for errors of the command line itself. */
export function looksForJson(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return own.some(
    (word, index) =>
      word === '--json' ||
      /^(-o|--output=|--format=)jsonl?$/.test(word) ||
      (['-o', '--output', '--format', '-f'].includes(word) && /^jsonl?$/.test(own[index + 1] ?? '')),
  )
}
