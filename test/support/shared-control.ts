/** A control plane that is one state in one process: commands are applied at once, for everybody. Stands in for Raft where that is not the point. */
import { apply } from '../../src/core/state/apply.ts'
import { createState } from '../../src/core/state/state.ts'
import type { Change, Command } from '../../src/core/state/types.ts'
import { ClawError, type FailureCode } from '../../src/model/failure.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { Control, Executed, GatewayStatus } from '../../src/services/control/types.ts'

export class SharedControl {
  readonly state = createState()
  /** Commands in the order they were committed, by type. */
  readonly log: string[] = []
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  /** The control plane as one node sees it. */
  at(node: NodeId): Control {
    const status: GatewayStatus = {
      role: 'leader',
      term: 1,
      leader: node,
      voters: [node],
      committed: this.log.length,
      applied: this.log.length,
      outOfTouchFor: 0,
      followers: [],
    }
    return {
      state: this.state,
      outdated: null,
      status: () => status,
      onChange: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
      onRole: () => () => {},
      execute: async (command, { id, by }) => Promise.resolve(this.#execute(command, id, by)),
      fresh: () => Promise.resolve(),
    }
  }

  #execute(command: Command, id: string, by: string): Executed {
    this.log.push(command.type)
    const position = { index: this.log.length, term: 1 }
    const { index, outcome, changes } = apply(this.state, { id, at: Date.now(), by, via: null, command }, position)
    for (const listener of [...this.#listeners]) listener(changes)
    if (outcome.ok) return { index, value: outcome.value }
    throw new ClawError(outcome.failure.code as FailureCode, outcome.failure.facts as never)
  }
}
