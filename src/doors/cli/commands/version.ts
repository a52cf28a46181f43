import { isClawError } from '../../../model/failure.ts'
import { compareBuilds, rangeInWords } from '../../../model/version.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import { command } from '../line/command.ts'
import type { Column } from '../show/table.ts'
import { orDash } from '../show/words.ts'

/** A peer of an older build may say less. */
type Reply = Pick<OutputOf<'version'>, 'version' | 'node'> & Partial<OutputOf<'version'>>
type Peer = OutputOf<'version'>['peers'][number]
type State = OutputOf<'version'>['state']

const columns: readonly Column<Peer>[] = [
  { head: 'Node', cell: ({ node }) => node },
  { head: 'Version', cell: ({ version }) => orDash(version) },
  { head: 'Skew', cell: ({ skew }) => orDash(skew) },
  { head: 'Applies', cell: ({ applies }) => rangeInWords(applies) },
  { head: 'Status', cell: ({ status, problems }) => [status, ...problems].join('; ') },
]

/** How this CLI stands to the peer. */
function skewOf(client: string, peer: string): string {
  const order = compareBuilds(client, peer)
  return order === 0 ? '' : `, ${order < 0 ? 'older' : 'newer'} than the peer`
}

/** What keeps the mesh where it is, if anything does, and what to do about it. */
function stateInWords({ version, applies, outdated, next }: State, peers: readonly Peer[]): readonly string[] {
  const waitsFor = next?.waitsFor ?? []
  const waits = next === null || waitsFor.length === 0 ? '' : `; ${next.version} waits for ${someOf(waitsFor)}`
  const isGone = (name: string): boolean => peers.some(({ node, status }) => node === name && status === 'offline')
  const [gone, here] = [waitsFor.filter(isGone), waitsFor.filter((name) => !isGone(name))]
  return [
    `mesh          state version ${version}${waits} (this peer applies ${rangeInWords(applies)})`,
    ...(outdated === null ? [] : [`OUTDATED      ${outdated}`]),
    ...(here.length === 0 ? [] : [`to upgrade    ${someOf(here)}`]),
    ...(gone.length === 0
      ? []
      : [`offline       ${someOf(gone)}: upgrade, or if it is gone for good: ${removal(gone)}`]),
  ]
}

const removal = (names: readonly string[]): string =>
  `clawbernetes node remove ${names.length === 1 ? names.join('') : 'NAME'} --force`

const mostNamed = 8

/** Names for one line; the table below has all of them. */
const someOf = (names: readonly string[]): string =>
  names.length <= mostNamed
    ? names.join(', ')
    : `${names.slice(0, mostNamed).join(', ')}, ${names.length - mostNamed} more`

export default command({
  name: 'version',
  about: 'Show the versions of this CLI, of every peer, and of the mesh’s state.',
  positionals: {},
  options: {},
  examples: ['version', 'version --json'],

  async run(_, { api: connect, out, signal, host }) {
    const peer = await connect()
      .then((api): Promise<Reply> => api.call('version', {}, signal))
      .catch((error: unknown) => {
        if (isClawError(error)) return { error: error.message }
        throw error
      })
    await out.result({ client: host.version, peer: 'error' in peer ? null : peer }, async (_result, style) => {
      if ('error' in peer) return [`clawbernetes  ${host.version}`, `peer          unknown: ${peer.error}`]
      return [
        `clawbernetes  ${host.version}${skewOf(host.version, peer.version)}`,
        `peer          ${peer.version} (${peer.node})`,
        ...(peer.state === undefined ? [] : stateInWords(peer.state, peer.peers ?? [])),
        ...(peer.peers === undefined ? [] : ['', ...(await style.table(peer.peers, columns))]),
      ]
    })
    return undefined
  },
})
