/** The voters as the leader sees them, and moving the lead. Both are answered by the leader, whoever is asked. */
import { z } from 'zod'
import { heirs } from '../../core/gateway/heirs.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { GatewayStatus } from '../../services/control/types.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef, noInput } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Throws NO_LEADER while nobody is known to lead. */
export function leaderOf(_: unknown, { control }: OperationContext): NodeId {
  const { leader } = control.status()
  if (leader === null) throw new ClawError('NO_LEADER', { detail: 'this peer knows of none' })
  return leader
}

/** Throws NO_LEADER on a peer that has lost the lead while the request was on its way. */
function ownLead({ control }: OperationContext): GatewayStatus {
  const status = control.status()
  if (status.role !== 'leader') throw new ClawError('NO_LEADER', { detail: 'the lead has just moved on' })
  return status
}

export const gatewayVoters = unary({
  name: 'gateway.voters',
  about: 'List the nodes that vote, as the leader sees them.',
  input: noInput,
  output: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      role: z.enum(['leader', 'follower', 'mute']).describe('`mute`: it has lost its log, and its word does not count'),
      lag: z.int().nullable().describe('Entries it is behind; null when that is not known'),
      silentForMs: z.number().nullable().describe('Since its last answer; null when this leader has had none'),
    }),
  ),
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/gateway/voters' },
  where: leaderOf,
  async handler(_, context) {
    const { voters, followers, committed } = ownLead(context)
    const { self, control } = context
    const views = voters.map((id) => {
      const common = { id, name: nameOf(control.state, id) }
      if (id === self) return { ...common, role: 'leader' as const, lag: 0, silentForMs: 0 }
      const follower = followers.find(({ node }) => node === id)
      if (follower === undefined) return { ...common, role: 'follower' as const, lag: null, silentForMs: null }
      const { isMute, matched, silentFor } = follower
      const isKnown = !isMute && silentFor !== null
      return {
        ...common,
        role: isMute ? ('mute' as const) : ('follower' as const),
        lag: isKnown ? Math.max(0, committed - matched) : null,
        silentForMs: silentFor === null ? null : Math.round(silentFor),
      }
    })
    return Promise.resolve(views)
  },
})

export const gatewayTransfer = unary({
  name: 'gateway.transfer',
  about: 'Hand the lead to another voter: to the one named, or to the one that has followed furthest.',
  input: z.strictObject({ node: nodeRef.optional() }),
  output: z.object({
    from: z.string().describe('Name of the node that led'),
    leader: z.string().describe('Name of the node that leads now'),
    leaderId: z.string(),
    moved: z.boolean().describe('False when that node led already'),
  }),
  permission: { verb: 'change', resource: 'mesh' },
  rest: { method: 'POST', path: '/api/gateway/transfer' },
  where: leaderOf,
  async handler({ node }, context, { signal }) {
    await refresh(context, signal)
    const { control, clock, self, transferLead } = context
    const status = ownLead(context)
    const to = node === undefined ? heirs(status)[0] : findNode(control.state, node)
    if (to === undefined) throw invalid('no other voter answers, so nobody can take the lead')
    const name = nameOf(control.state, to)
    const from = nameOf(control.state, self)
    if (to === self) return { from, leader: name, leaderId: to, moved: false }
    refuseUnfit(to, name, status)
    const started = clock.elapsed()
    if (!(await transferLead(to)))
      throw new ClawError('DEADLINE_EXCEEDED', {
        what: `handing the lead to ${name}`,
        ms: Math.round(clock.elapsed() - started),
      })
    return { from, leader: name, leaderId: to, moved: true }
  },
})

function refuseUnfit(to: NodeId, name: string, status: GatewayStatus): void {
  if (!status.voters.includes(to)) throw invalid(`${name} has no vote, so it cannot lead`)
  if (heirs(status).includes(to)) return
  const isMute = status.followers.some(({ node, isMute: mute }) => node === to && mute)
  throw invalid(isMute ? `${name} has lost its log, so it cannot lead` : `${name} does not answer the leader`)
}
