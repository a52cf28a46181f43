/** Commands that the leader makes by itself: each is one try, in the term in which it was decided. */
import type { Command } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Log } from '../../ports/log.ts'
import type { LeaderControl } from '../control/types.ts'

export interface CommandsDeps {
  readonly self: NodeId
  readonly log: Log
  readonly control: Pick<LeaderControl, 'decree' | 'lead'>
}

export class LeaderCommands {
  readonly #deps: CommandsDeps
  #made = 0

  constructor(deps: CommandsDeps) {
    this.#deps = deps
  }

  /**
   * Whether it was accepted. A refusal means that the state has moved on; what is still to be done is decided anew. Nothing is proposed
   * for a run that has ended: this peer may lead again by then, in a term in which that was not decided.
   */
  async tryOne(command: Command, signal: AbortSignal): Promise<boolean> {
    const { self, control, log } = this.#deps
    if (signal.aborted) return false
    this.#made += 1
    const id = `gateway:${self}:${control.lead().term}:${this.#made}:${command.type}`
    try {
      await control.decree(command, { id, by: self, signal })
      return true
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
      // Whatever is refused for its shape is refused again: that is a fault of ours, and somebody should see it.
      const say = error.kind === 'invalid' ? log.warn : log.debug
      say.call(log, 'a command of the leader was not carried out', { type: command.type, reason: error.message })
      return false
    }
  }
}
