/** Which builds a mesh is made of, and what keeps it from going on to the next state version. */
import { z } from 'zod'
import { laggards, rangeOf, supported } from '../../core/state/versions.ts'
import type { Member } from '../../model/node.ts'
import { compareBuilds } from '../../model/version.ts'
import type { OperationContext } from '../context.ts'
import { nameOf, nodeStatus } from '../node/node-view.ts'
import { unary } from '../operation.ts'

const Range = z.object({ oldest: z.int(), newest: z.int() })

const Peer = z.object({
  node: z.string(),
  status: z.enum(['healthy', 'unhealthy', 'draining', 'offline']),
  version: z.string().nullable().describe('Of its build, as it said last; null when it has said nothing yet'),
  skew: z.enum(['same', 'older', 'newer']).nullable().describe('Of its build, seen from the peer that answers'),
  applies: Range.describe('The state versions that it said last that it applies'),
  problems: z.array(z.string()).describe('What it says is wrong with it'),
})

export const version = unary({
  name: 'version',
  about: 'Show the version of the peer that answers, those of the others, and of the mesh’s state.',
  input: z.strictObject({}),
  output: z.object({
    version: z.string(),
    node: z.string(),
    uptimeSeconds: z.int(),
    state: z.object({
      version: z.int().describe('Of the mesh’s state, as far as this peer follows it'),
      applies: Range.describe('The state versions that this peer applies'),
      outdated: z.string().nullable().describe('Why this peer has stopped to follow the mesh; null while it follows'),
      next: z
        .object({ version: z.int(), waitsFor: z.array(z.string()).describe('Nodes to upgrade or to remove first') })
        .nullable()
        .describe(
          'The version that the mesh goes on to when all its nodes apply it; null when none applies a later one',
        ),
    }),
    peers: z.array(Peer),
  }),
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/version' },
  handler(_, context) {
    const { version: ours, control, self, clock, startedAt } = context
    const { state, outdated } = control
    const uptimeSeconds = Math.max(0, Math.floor((clock.now() - startedAt) / 1_000))
    const members = [...state.members.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const newest = Math.max(supported.newest, ...members.map((member) => rangeOf(member).newest))
    return Promise.resolve({
      version: ours,
      node: nameOf(state, self),
      uptimeSeconds,
      state: {
        version: state.version,
        applies: supported,
        outdated: outdated?.message ?? null,
        next: newest > state.version ? { version: newest, waitsFor: [...laggards(state, newest)] } : null,
      },
      peers: members.map((member) => peerView(member, context)),
    })
  },
})

/** The newest word of it is its report; without one, what the mesh keeps of it. */
function peerView(member: Member, { membership, version: ours }: OperationContext): z.infer<typeof Peer> {
  const view = membership.view(member.id)
  const build = view.report?.version ?? member.inventory?.versions['clawnode'] ?? null
  const order = build === null ? 0 : compareBuilds(build, ours)
  return {
    node: member.name,
    status: nodeStatus(view, member.scheduling),
    version: build,
    skew: build === null ? null : order === 0 ? 'same' : order < 0 ? 'older' : 'newer',
    applies: rangeOf(member),
    problems: [...(view.report?.problems ?? [])],
  }
}
