/** Network policies as commands take and show them. */
import { ClawError } from '../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Arguments, OptionSpec, Session } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'
import { labelsInWords } from '../show/columns.ts'

export const networkPolicyOptions = {
  file: { kind: 'text', value: 'FILE', about: 'The policy as YAML, TOML or JSON; options go over it' },
  about: { kind: 'text', value: 'TEXT', about: 'What it is for' },
  deployment: { kind: 'text', value: 'NAME', about: 'It is for the replicas of this deployment' },
  label: { kind: 'list', value: 'K=V', about: 'It is for what has this label; for all work if nothing is said' },
  from: { kind: 'list', value: 'DEPLOYMENT', about: 'Let this deployment of the namespace in' },
  'from-label': { kind: 'list', value: 'K=V', about: 'Let work of the namespace in that has this label' },
  'from-namespace': { kind: 'list', value: 'NAME', about: 'Let all work of this namespace in; * for every one' },
  'from-same-namespace': { kind: 'flag', about: 'Let all work of its own namespace in' },
  'from-cidr': { kind: 'list', value: 'RANGE', about: 'Let these addresses in: 10.200.0.0/16' },
  port: { kind: 'list', value: 'PORT', about: 'Only at this port: 443, 53/udp, 8000-8100/tcp' },
  'deny-ingress': { kind: 'flag', about: 'Let nobody in that no other policy lets in' },
  to: { kind: 'list', value: 'DEPLOYMENT', about: 'Let it out to this deployment of the namespace' },
  'to-label': { kind: 'list', value: 'K=V', about: 'Let it out to work of the namespace that has this label' },
  'to-namespace': { kind: 'list', value: 'NAME', about: 'Let it out to all work of this namespace; * for every one' },
  'to-same-namespace': { kind: 'flag', about: 'Let it out to all work of its own namespace' },
  'to-cidr': { kind: 'list', value: 'RANGE', about: 'Let it out to these addresses: 0.0.0.0/0 for all' },
  'to-port': { kind: 'list', value: 'PORT', about: 'Only to this port' },
  'deny-egress': { kind: 'flag', about: 'Let nothing out that no other policy lets out' },
} as const satisfies Readonly<Record<string, OptionSpec>>

type PolicyArguments = Arguments<Readonly<Record<never, never>>, typeof networkPolicyOptions>
type Request = InputOf<'networkpolicy.create'>
type Content = Partial<Pick<Request, 'about' | 'select' | 'ingress' | 'egress'>>
type Peers = NonNullable<NonNullable<Request['ingress']>[number]['from']>

/** Only what is said: all peers of one way are one rule. Throws INVALID_REQUEST. */
export function contentOf(args: PolicyArguments): Content {
  const from = peersSaid({
    ...{ deployments: args.from, labels: args['from-label'], namespaces: args['from-namespace'] },
    ...{ isSame: args['from-same-namespace'], ranges: args['from-cidr'], what: '--from-label' },
  })
  const to = peersSaid({
    ...{ deployments: args.to, labels: args['to-label'], namespaces: args['to-namespace'] },
    ...{ isSame: args['to-same-namespace'], ranges: args['to-cidr'], what: '--to-label' },
  })
  const ingress = rulesOf('from', { peers: from, ports: args.port, isDenied: args['deny-ingress'] })
  const egress = rulesOf('to', { peers: to, ports: args['to-port'], isDenied: args['deny-egress'] })
  const labels = args.label.length === 0 ? undefined : pairsOf(args.label, '--label')
  const { about, deployment } = args
  return {
    ...(about !== undefined && { about }),
    ...((deployment !== undefined || labels !== undefined) && {
      select: { ...(deployment !== undefined && { deployment }), ...(labels !== undefined && { labels }) },
    }),
    ...(ingress !== null && { ingress }),
    ...(egress !== null && { egress }),
  }
}

interface PeersSaid {
  readonly deployments: readonly string[]
  readonly labels: readonly string[]
  readonly namespaces: readonly string[]
  readonly isSame: boolean
  readonly ranges: readonly string[]
  readonly what: string
}

const peersSaid = ({ deployments, labels, namespaces, isSame, ranges, what }: PeersSaid): Peers => [
  ...deployments.map((deployment) => ({ deployment })),
  ...labels.map((label) => ({ labels: pairsOf([label], what) })),
  ...namespaces.map((namespace) => ({ namespace })),
  ...(isSame ? (['same-namespace'] as const) : []),
  ...ranges.map((cidr) => ({ cidr })),
]

interface RuleSaid {
  readonly peers: Peers
  readonly ports: readonly string[]
  readonly isDenied: boolean
}

/** Null where nothing is said. */
function rulesOf<K extends 'from' | 'to'>(key: K, { peers, ports, isDenied }: RuleSaid) {
  const isAny = peers.length > 0 || ports.length > 0
  if (isDenied && isAny) {
    const way = key === 'from' ? 'ingress' : 'egress'
    throw new ClawError('INVALID_REQUEST', { problem: `--deny-${way} lets nothing through, and other options do` })
  }
  if (!isAny) return isDenied ? [] : null
  const rule = { ...(peers.length > 0 && { [key]: peers }), ...(ports.length > 0 && { ports: [...ports] }) }
  return [rule as { readonly [P in K]?: Peers } & { readonly ports?: string[] }]
}

interface FileSaid {
  /** What it says of the policy; its name is said on the command line. */
  readonly content: Content
  readonly place: string | undefined
}

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that cannot be read. */
export async function networkPolicyFrom(file: string | undefined, session: Pick<Session, 'host'>): Promise<FileSaid> {
  if (file === undefined) return { content: {}, place: undefined }
  const { formatOf, textOf } = await import('./spec-file.ts')
  const { parseNetworkPolicy } = await import('../../../specs/network-policy.ts')
  const text = await textOf(file, session)
  const said = parseNetworkPolicy(text, file === '-' ? 'standard input' : file, formatOf(file, text))
  const { about, select, ingress, egress, namespace } = said
  const content = {
    ...(about !== undefined && { about }),
    ...(select !== undefined && { select }),
    ...(ingress !== undefined && { ingress }),
    ...(egress !== undefined && { egress }),
  }
  return { content, place: namespace }
}

type View = OutputOf<'networkpolicy.info'>

/** `replicas of web with app=web`. */
export function selectInWords({ deployment, labels = {} }: View['select']): string {
  const marks = labelsInWords(labels)
  const who = deployment === undefined ? (marks === '' ? 'all work' : 'work') : `replicas of ${deployment}`
  return marks === '' ? who : `${who} with ${marks}`
}

export const ingressInWords = ({ ingress }: Pick<View, 'ingress'>): string =>
  wayInWords(ingress?.map(({ from, ports }) => ({ peers: from, ports })) ?? null, 'from')

export const egressInWords = ({ egress }: Pick<View, 'egress'>): string =>
  wayInWords(egress?.map(({ to, ports }) => ({ peers: to, ports })) ?? null, 'to')

type PeersShown = NonNullable<View['ingress']>[number]['from']

interface RuleShown {
  readonly peers: PeersShown
  readonly ports: readonly string[] | undefined
}

function wayInWords(rules: readonly RuleShown[] | null, word: 'from' | 'to'): string {
  if (rules === null) return 'as others say'
  if (rules.length === 0) return 'nothing'
  return rules
    .map(({ peers, ports }) => {
      const who = peers === undefined ? 'anywhere' : peers.map(peerInWords).join(' or ')
      return `${word} ${who}${ports === undefined ? '' : ` at ${ports.join(', ')}`}`
    })
    .join('; ')
}

function peerInWords(peer: NonNullable<PeersShown>[number]): string {
  if (peer === 'same-namespace') return 'its namespace'
  const { cidr, except, namespace, ...selector } = peer
  if (cidr !== undefined) return `${cidr}${except === undefined ? '' : ` but ${except.join(', ')}`}`
  const place = namespace === undefined ? '' : namespace === '*' ? ' of every namespace' : ` of ${namespace}`
  return `${selectInWords(selector)}${place}`
}

/** Where it is not kept, a line for each. */
export const notKept = (unenforced: View['unenforced']): readonly string[] =>
  unenforced.map(({ node, workload, reason }) => {
    const where = node === null ? '' : ` on ${node}`
    return `Not kept for ${workload === null ? 'any work' : workload}${where}: ${reason}`
  })
