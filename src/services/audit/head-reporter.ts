/** Tells the mesh from time to time how far this node's audit log has come, so that nobody here can cut it off or write it anew unseen. */
import type { AuditHead } from '../../model/audit.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Loop } from '../gateway/loop.ts'

export interface HeadReporterDeps {
  readonly self: NodeId
  readonly clock: Clock
  readonly log: Log
  readonly control: Pick<Control, 'state' | 'execute'>
  readonly audit: {
    flushed(): Promise<AuditHead | null>
    onRoll(listener: () => void): Unsubscribe
  }
}

const patience: Millis = 20 * second
/** A node that has just joined may be too early for its mesh. */
const again: Millis = 5 * second

export class HeadReporter implements Service {
  readonly name = 'audit-heads'
  readonly #deps: HeadReporterDeps
  readonly #loop: Loop

  constructor(deps: HeadReporterDeps, { every }: { readonly every: Millis }) {
    this.#deps = deps
    this.#loop = new Loop(deps, { every, pause: second }, (signal) => this.#report(signal))
  }

  start(): Promise<void> {
    this.#loop.start(() => this.#deps.audit.onRoll(() => this.#loop.wake()))
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { self, clock, log, control, audit } = this.#deps
    try {
      const head = await audit.flushed()
      const known = control.state.auditHeads.get(self)?.at(-1)
      if (head === null || (known?.seq === head.seq && known.hash === head.hash)) return
      const late = new AbortController()
      const cancel = clock.after(patience, () => late.abort())
      const within = AbortSignal.any([signal, late.signal])
      await control
        .execute({ type: 'report-audit-head', node: self, ...head }, { ...idOf(self, head), signal: within })
        .finally(cancel)
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      if (ClawError.is(error, 'AUDIT_BROKEN'))
        log.error('the audit log of this node is not what the mesh knows of it', { reason: error.message })
      else this.#loop.wake(again)
    }
  }
}

const idOf = (self: NodeId, { seq, hash }: AuditHead): { readonly id: string; readonly by: string } => ({
  id: `audit-head:${self}:${seq}:${hash.slice(0, 16)}`,
  by: self,
})
