/** Says in the log, once, that this node was removed: nothing it does will let it in again, so it is the operator who must know. */
import type { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { removedReason } from '../../ports/admission.ts'
import type { Log } from '../../ports/log.ts'

/** To be called with every refusal of our own hello, and the member that refused it. */
export function removalNotice(log: Log): (why: ClawError, by: NodeId) => void {
  let isTold = false
  return ({ code, facts }, by) => {
    const isRemoval = code === 'NOT_A_MEMBER' && 'reason' in facts && facts.reason === removedReason
    if (!isRemoval || isTold) return
    isTold = true
    log.warn('this node was removed from the mesh; join it again with a new token', { by })
  }
}
