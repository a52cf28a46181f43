/**
 * A ruling as a table of nftables. Addresses are in sets and maps, so that one that comes or goes is a few elements and no new rule.
 *
 * Every packet is looked at, not only the first of a connection: one that was allowed once and is not any more ends with its next packet.
 * Which end has opened a connection the kernel knows, so an answer is judged as what it answers.
 */
import { formatIpv4 } from '../../lib/cidr.ts'
import type { PortRange } from '../../model/network-policy.ts'
import { networkProtocols } from '../../model/network-policy.ts'
import type { Allowance, AllowedRange, RuledGroup, Ruling } from '../../ports/packet-filter.ts'

export interface Table {
  /** All of it but what is in its sets and maps. */
  readonly frame: string
  /** By the name of the set or the map. */
  readonly elements: ReadonlyMap<string, readonly string[]>
}

/** Of packets that go the way in which the connection was opened, and of those that answer. */
interface Direction {
  readonly suffix: string
  /** Where the end that has opened it stands in the packet, and the other, and the port that was opened. */
  readonly opener: string
  readonly other: string
  readonly port: string
}

const asked: Direction = { suffix: '', opener: 'saddr', other: 'daddr', port: 'dport' }
const answered: Direction = { suffix: '-answers', opener: 'daddr', other: 'saddr', port: 'sport' }

export function tableOf({ ranges, known, shut, groups }: Ruling): Table {
  const named = groups.map((group, i) => ({ group, name: `${group.way}-${i}` }))
  const peers = peerSetsOf(groups)
  const elements = new Map<string, readonly string[]>([
    ['own', ranges],
    ['known', known.map(formatIpv4)],
  ])
  for (const way of ['egress', 'ingress'] as const) elements.set(`shut-${way}`, shut.includes(way) ? ranges : [])
  for (const { name, addresses } of peers.values()) elements.set(name, addresses.map(formatIpv4))
  for (const { suffix } of [asked, answered])
    for (const way of ['egress', 'ingress'] as const) {
      const of = named.filter(({ group }) => group.way === way)
      elements.set(
        `${way}${suffix}`,
        of.flatMap(({ group, name }) => group.members.map((one) => `${formatIpv4(one)} : jump ${name}${suffix}`)),
      )
    }
  const setOf = (rule: string): string => peers.get(rule)?.name ?? ''
  const chains = named.flatMap(({ group, name }) =>
    [asked, answered].flatMap((direction) => chainOf(`${name}${direction.suffix}`, group, { direction, setOf })),
  )
  const frame = [
    ...Array.from(elements.keys(), (name) =>
      isMap(name)
        ? `map ${name} { type ipv4_addr : verdict; }`
        : `set ${name} { type ipv4_addr; ${isOfRanges(name) ? 'flags interval; ' : ''}}`,
    ),
    ...chains,
    ...judging(asked),
    ...judging(answered),
    ...forward,
    ...input,
  ].join('\n')
  return { frame, elements }
}

const isOfRanges = (name: string): boolean => name === 'own' || name.startsWith('shut-')

const isMap = (name: string): boolean => /^(?:egress|ingress)(?:-answers)?$/.test(name)

interface PeerSet {
  readonly name: string
  readonly addresses: readonly number[]
}

/** Two groups may have the same rule, and then have one set for it. */
function peerSetsOf(groups: readonly RuledGroup[]): ReadonlyMap<string, PeerSet> {
  const sets = new Map<string, PeerSet>()
  for (const { rule, peers } of groups.flatMap(({ allows }) => allows))
    if (peers !== null && peers.work !== null && !sets.has(rule))
      sets.set(rule, { name: `peers-${sets.size}`, addresses: peers.work })
  return sets
}

interface Writing {
  readonly direction: Direction
  readonly setOf: (rule: string) => string
}

/** What none of its rules returns from is dropped. */
function chainOf(name: string, { way, allows }: RuledGroup, { direction, setOf }: Writing): readonly string[] {
  const far = way === 'egress' ? direction.other : direction.opener
  const rules = allows.flatMap((allowance) => {
    const sources = sourcesOf(allowance, far, setOf(allowance.rule))
    return sources.flatMap((source) => portsOf(allowance.ports, direction.port).map((port) => `${source}${port}return`))
  })
  return [`chain ${name} {`, ...rules, 'counter drop', '}']
}

function sourcesOf({ peers }: Allowance, far: string, set: string): readonly string[] {
  if (peers === null) return ['']
  return [...(peers.work === null ? [] : [`ip ${far} @${set} `]), ...peers.ranges.map((range) => rangeOf(range, far))]
}

const rangeOf = ({ cidr, except }: AllowedRange, far: string): string =>
  `ip ${far} ${cidr} ${except.map((range) => `ip ${far} != ${range} `).join('')}`

function portsOf(ports: readonly PortRange[] | null, port: string): readonly string[] {
  if (ports === null) return ['']
  return networkProtocols.flatMap((protocol) =>
    ports
      .filter((one) => one.protocol === protocol)
      .map(({ first, last }) => `${protocol} ${port} ${first === last ? first : `${first}-${last}`} `),
  )
}

/** First the end that has opened the connection, then the other. An address whose work is not known may be that of work that a policy is for. */
const judging = ({ suffix, opener, other }: Direction): readonly string[] => [
  `chain judge${suffix} {`,
  `ip ${opener} @shut-egress ip ${opener} != @known counter drop`,
  `ip ${other} @shut-ingress ip ${other} != @known counter drop`,
  `ip ${opener} vmap @egress${suffix}`,
  `ip ${other} vmap @ingress${suffix}`,
  '}',
]

/** What is neither from here nor to here is passed on as it comes. What is for many at once would get past the rules for one. */
const forward: readonly string[] = [
  'chain forward {',
  'type filter hook forward priority -4; policy accept;',
  'ip saddr != @own ip daddr != @own accept',
  'ct state related ip protocol icmp accept',
  'ip saddr @own ip daddr { 224.0.0.0/4, 255.255.255.255 } counter drop',
  'ct direction reply goto judge-answers',
  'goto judge',
  '}',
]

/** To the node itself: names may always be asked for, and what it has opened, such as a health check, is always answered. */
const input: readonly string[] = [
  'chain input {',
  'type filter hook input priority -4; policy accept;',
  'ip saddr != @own accept',
  'iif "lo" accept',
  'ct direction reply accept',
  'ct state related ip protocol icmp accept',
  'udp dport 53 accept',
  'tcp dport 53 accept',
  'ip saddr @shut-egress ip saddr != @known counter drop',
  'ip saddr vmap @egress',
  '}',
]

/** Takes the place of a table of that name, if there is one, all at once. */
export const wholeText = (name: string, { frame, elements }: Table): string =>
  [
    `add table ip ${name}`,
    `delete table ip ${name}`,
    `table ip ${name} {`,
    frame,
    '}',
    ...Array.from(elements).flatMap(([set, some]) => elementsText('add', `${name} ${set}`, some)),
    '',
  ].join('\n')

/** What makes of one table the other; null where that is more than elements that come and go. */
export function changeText(name: string, before: Table, after: Table): string | null {
  if (before.frame !== after.frame) return null
  const lines = Array.from(after.elements).flatMap(([set, some]) => {
    const [had, has] = [new Set(before.elements.get(set)), new Set(some)]
    const gone = [...had].filter((one) => !has.has(one))
    return [
      ...elementsText('delete', `${name} ${set}`, gone.map(keyOf)),
      ...elementsText(
        'add',
        `${name} ${set}`,
        some.filter((one) => !had.has(one)),
      ),
    ]
  })
  return [...lines, ''].join('\n')
}

const elementsText = (verb: 'add' | 'delete', set: string, some: readonly string[]): readonly string[] =>
  some.length === 0 ? [] : [`${verb} element ip ${set} { ${some.join(', ')} }`]

const keyOf = (element: string): string => element.split(' ')[0] ?? element
