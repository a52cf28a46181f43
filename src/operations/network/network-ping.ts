/** Whether a node answers over the overlay, or else over the tailnet; where it does not, what is wrong. */
import { z } from 'zod'
import { addressOf } from '../../core/overlay/addresses.ts'
import { isFresh } from '../../core/overlay/search.ts'
import { sitesOf } from '../../core/overlay/sites.ts'
import { neighboursOf, wayTo } from '../../core/overlay/topology.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { OverlayLook } from '../../services/overlay/types.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { nodeAsked } from '../workload/container-ref.ts'
import { tailnetAddressOf } from './tailnet-view.ts'

export const networkPing = unary({
  name: 'network.ping',
  about:
    'Send packets to a node over the overlay, also one of the largest size, or over the tailnet, and say what is wrong where none come back.',
  input: z.strictObject({
    node: nodeRef.describe('Which is to answer'),
    from: nodeRef.optional().describe('Which is to ask; the peer itself if left out'),
    count: z.int().min(1).max(20).default(3),
  }),
  output: z.object({
    from: z.string(),
    node: z.string(),
    address: z.string(),
    sent: z.int(),
    received: z.int(),
    averageMs: z.number().nullable(),
    mtu: z.int().nullable().describe('Size of the largest packet; null in a tailnet, which keeps it to itself'),
    fullSize: z.boolean().nullable().describe('Whether one of that size gets through; null where none was tried'),
    via: z.enum(['overlay', 'tailnet']),
    path: z
      .string()
      .nullable()
      .describe(
        'By which node, in the overlay, where not straight; in a tailnet: straight to where, or by which relay',
      ),
  }),
  permission: { verb: 'read', resource: 'network' },
  where: ({ from }, context) => nodeAsked({ node: from }, context),
  patience: ({ count }) => ({ span: 20 * second + count * 3 * second, what: 'The ping' }),
  rest: { method: 'POST', path: '/api/network/ping' },
  async handler({ node, count }, context, { signal }) {
    await refresh(context, signal)
    const { control, self, overlay, clock } = context
    const { state } = control
    const target = findNode(state, node)
    const name = nameOf(state, target)
    if (!areInOverlay(state, [self, target])) {
      const reply = await pingTailnet(context, { target, name, count }, signal)
      if (reply !== null) return reply
    }
    const look = await overlay.look(signal)
    const { address, own, mtu, via } = endsOf(state, { self, target, look })
    const passer = via === null ? null : nameOf(state, via)
    const echo = await overlay.echo(address, { from: own, count, size: null, signal })
    if (echo.received === 0) {
      const problem = echo.problem ?? whyNot({ target, via, passer }, await overlay.look(signal), clock.now())
      throw new ClawError('OVERLAY_UNREACHABLE', { node: name, problem })
    }
    const { sent, received, averageMs } = echo
    const largest = await overlay.echo(address, { from: own, count: 1, size: mtu, signal })
    const ends = { from: nameOf(state, self), node: name, address }
    return {
      ...ends,
      sent,
      received,
      averageMs,
      mtu,
      fullSize: largest.received === 1,
      via: 'overlay' as const,
      path: passer === null ? null : `by ${passer}`,
    }
  },
})

const areInOverlay = ({ overlay }: MeshState, nodes: readonly NodeId[]): boolean =>
  nodes.every((node) => (overlay?.nodes.get(node)?.lanes.length ?? 0) > 0)

interface Asked {
  readonly target: NodeId
  readonly name: string
  readonly count: number
}

/** Null where one of the two is in no tailnet. Throws TAILSCALE_UNREACHABLE. */
async function pingTailnet(
  { control, self, tailnet }: Pick<OperationContext, 'control' | 'self' | 'tailnet'>,
  { target, name, count }: Asked,
  signal: AbortSignal,
) {
  const look = tailnet.look()
  const address = look === null ? null : tailnetAddressOf(control.state, target, look)
  if (look === null || address === null) return null
  const unreachable = (problem: string): ClawError =>
    new ClawError('TAILSCALE_UNREACHABLE', { node: name, problem: problem.replace(/\.$/, '') })
  if (look.tailnet?.state !== 'Running')
    throw unreachable(look.troubles[0]?.words ?? 'the tailnet of the node that asks is not up')
  const { problem, sent, received, averageMs, path } = await tailnet.echo(address, count, signal)
  if (received === 0) throw unreachable(problem ?? 'nothing came back: does the policy of the tailnet let it through?')
  const ends = { from: nameOf(control.state, self), node: name, address }
  return { ...ends, sent, received, averageMs, mtu: null, fullSize: null, via: 'tailnet' as const, path }
}

interface Between {
  readonly self: NodeId
  readonly target: NodeId
  readonly look: OverlayLook
}

/** Throws OVERLAY_OFF and OVERLAY_UNREACHABLE for what need not even be tried. */
function endsOf(state: MeshState, { self, target, look }: Between) {
  const { overlay } = state
  if (overlay === null) throw new ClawError('OVERLAY_OFF', {})
  const [from, to] = [overlay.nodes.get(self), overlay.nodes.get(target)]
  const unreachable = (problem: string): ClawError =>
    new ClawError('OVERLAY_UNREACHABLE', { node: nameOf(state, target), problem })
  if (from === undefined || from.lanes.length === 0)
    throw unreachable('the node that asks takes no part in the overlay')
  if (to === undefined || to.lanes.length === 0) throw unreachable('it takes no part in the overlay')
  const mtu = look.lanes[0]?.config.mtu
  if (mtu === undefined) throw unreachable(look.problems[0] ?? 'the node that asks has not set its interface up yet')
  const { settings, generation } = overlay
  const via = wayTo(to, neighboursOf(self, sitesOf(state, generation), settings), settings)
  return { address: addressOf(settings, to.slot), own: addressOf(settings, from.slot), mtu, via }
}

interface Sought {
  readonly target: NodeId
  /** Which passes on what is for it; null where none does. */
  readonly via: NodeId | null
  /** The same by name. */
  readonly passer: string | null
}

function whyNot({ target, via, passer }: Sought, { mode, lanes, problems }: OverlayLook, at: Instant): string {
  if (mode === 'manual')
    return problems[0] ?? 'see with `wg show` on the node that asks whether its peers have answered'
  if (problems[0] !== undefined) return problems[0]
  if (passer !== null) {
    const links = lanes.flatMap((lane) => lane.peers).filter(({ node }) => node === via)
    const answers = links.some(({ state }) => state !== null && isFresh(state, at))
    const ends = answers ? 'it answers the node that asks: does the other reach it?' : 'it does not answer either'
    return `${passer} passes its packets on, and ${ends}`
  }
  const peers = lanes.flatMap((lane) => lane.peers).filter(({ node }) => node === target)
  if (peers.length === 0) return 'nobody is known who passes its packets on'
  const states = peers.flatMap(({ state }) => state ?? [])
  if (states.length === 0) return 'the interface of the node that asks does not have it yet'
  const tried = peers.flatMap(({ config }) => config.endpoint ?? []).join(' or ') || 'nowhere: it has to begin'
  const fresh = states.find((state) => isFresh(state, at))
  if (fresh !== undefined)
    return 'keys were agreed on, so packets are dropped inside: look at its firewall and its routes'
  const port = `is UDP let through to ${tried}?`
  return states.some(({ handshakeAt }) => handshakeAt !== null)
    ? `no keys were agreed on for more than three minutes: ${port}`
    : `no keys were ever agreed on: ${port}`
}
