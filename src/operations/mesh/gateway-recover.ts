/** Going on when most voters are lost for ever. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { changePatience } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { within } from '../deadline.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

export const gatewayRecover = unary({
  name: 'gateway.recover',
  about:
    'Have the peer that is asked go on as the only voter, with what it holds. Unsafe: what only the lost voters had is lost. ' +
    'Answered through the Unix socket of that host only.',
  input: z.strictObject({
    unsafe: z.literal(true, { error: 'must be true: decisions that only the lost voters held will be gone' }),
    confirm: z.string().max(128).describe('Name of the mesh, to show that it is meant'),
    force: z.boolean().default(false).describe('Also when a majority of the voters seems to answer'),
  }),
  output: z.object({
    node: z.string().describe('Name of the node that votes and leads now'),
    nodeId: z.string(),
    lost: z.array(z.string()).describe('Names of the voters that were given up'),
    term: z.int(),
    applied: z.int(),
  }),
  permission: { verb: 'recover', resource: 'mesh' },
  isLocal: true,
  rest: { method: 'POST', path: '/api/gateway/recover' },
  async handler({ confirm, force }, context, { caller, signal }) {
    const { self, control, clock, renewal, log } = context
    refuseUnneeded(context, confirm, force)
    const lost = control.status().voters.filter((voter) => voter !== self)
    const names = lost.map((voter) => nameOf(control.state, voter))
    log.warn('this peer goes on as the only voter; decisions that only the others held are lost', {
      by: caller.id,
      lost,
    })
    await renewal.recover(names, caller.id)
    await within(clock, changePatience, signal, (limited) => control.fresh('linearizable', limited))
    const { term, applied } = control.status()
    return { node: nameOf(control.state, self), nodeId: self, lost: names, term, applied }
  },
})

function refuseUnneeded(context: OperationContext, confirm: string, force: boolean): void {
  const { self, control } = context
  const { mesh, sealedKeys } = control.state
  const { leader } = control.status()
  // It cannot lead with this build, and what it lacks the next build may still get from the others.
  if (control.outdated !== null) throw control.outdated
  if (mesh === null) throw invalid('this peer does not know the state of its mesh, so it has nothing to go on with')
  if (confirm !== mesh.genesis.name) throw invalid(`to confirm, give the name of the mesh: ${mesh.genesis.name}`)
  if (leader !== null) throw invalid(`${nameOf(control.state, leader)} leads: there is nothing to recover`)
  if (!sealedKeys.has(self))
    throw invalid(
      'this node never voted, so it cannot sign for the mesh; recover on one that did, or restore `mesh backup --stale` elsewhere',
    )
  const answering = answeringVoters(context)
  if (!force && answering.length > control.status().voters.length / 2)
    throw invalid(
      `a majority of the voters seems to answer (${answering.map((node) => nameOf(control.state, node)).join(', ')}); they elect a leader by themselves`,
    )
}

const answeringVoters = ({ self, control, membership }: OperationContext): readonly NodeId[] =>
  control.status().voters.filter((voter) => voter === self || membership.view(voter).liveness === 'alive')
