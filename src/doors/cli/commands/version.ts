import { isClawError } from '../../../model/failure.ts'
import { compareBuilds, rangeInWords } from '../../../model/version.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import { command } from '../command.ts'
import type { Column } from '../table.ts'
import { orDash } from '../words.ts'

/** A peer of an older build may say less. */
type Reply = Pick<OutputOf<'version'>, 'version' | 'node'> & Partial<OutputOf<'version'>>
type Peer = OutputOf<'version'>['peers'][number]

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

/** What keeps the mesh where it is, if anything does. */
function stateInWords({ version, applies, outdated, next }: OutputOf<'version'>['state']): readonly string[] {
  const waits =
    next === null || next.waitsFor.length === 0 ? [] : [`; ${next.version} waits for ${next.waitsFor.join(', ')}`]
  return [
    `mesh          state version ${version}${waits.join('')} (this peer applies ${rangeInWords(applies)})`,
    ...(outdated === null ? [] : [`OUTDATED      ${outdated}`]),
  ]
}

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
        ...(peer.state === undefined ? [] : stateInWords(peer.state)),
        ...(peer.peers === undefined ? [] : ['', ...(await style.table(peer.peers, columns))]),
      ]
    })
    return undefined
  },
})
