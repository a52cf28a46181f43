/** Ends the work of a node that is to be removed, while it is still a member and so still listens. */
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { stateChanges } from '../changes.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import type { Call } from '../operation.ts'

/** How long the node gets to kill its work and to say so. */
const vacatePatience: Millis = 8 * second

/**
 * Asks for the end of everything that the node has claimed, by force, and waits for it. Returns how many workloads may still run
 * there; a node that is known to be silent is not waited for.
 */
export async function vacate(
  node: NodeId,
  context: OperationContext,
  { caller, signal }: Pick<Call, 'caller' | 'signal'>,
): Promise<number> {
  const { control, clock, membership } = context
  const { liveness } = membership.view(node)
  if (liveness === 'lost' || liveness === 'left') return claimedBy(node, context).length

  const asked = new Set<WorkloadId>()
  const ask = async ({ id: workload }: Workload): Promise<void> => {
    if (asked.has(workload)) return
    asked.add(workload)
    await carryOut('vacate', { type: 'request-stop', workload, force: true }, { context, caller, signal })
  }
  const end = clock.elapsed() + vacatePatience
  const changes = stateChanges(control, signal)
  try {
    for (;;) {
      // Looked at anew each time: the node may have claimed more in the meantime.
      const left = claimedBy(node, context)
      await Promise.all(left.map(ask))
      signal.throwIfAborted()
      const rest = end - clock.elapsed()
      if (left.length === 0 || rest <= 0) return left.length
      await changes.next(clock, rest)
    }
  } finally {
    changes.close()
  }
}

const claimedBy = (node: NodeId, { control }: Pick<OperationContext, 'control'>): readonly Workload[] =>
  [...control.state.workloads.values()].filter(
    ({ placement, state }) => placement?.node === node && placement.state === 'claimed' && !isTerminal(state),
  )
