/** Has the mesh remember that API keys are used: now and then, and never so that a request waits for it. */
import type { Instant } from '../model/time.ts'
import { minute } from '../model/time.ts'
import { ClawError } from '../model/failure.ts'
import { changePatience } from './carry-out.ts'
import type { OperationContext } from './context.ts'
import { within } from './deadline.ts'

/** Told no more often than that, of each key and by each peer. */
const pause = 10 * minute

export class KeyUse {
  readonly #context: Pick<OperationContext, 'control' | 'clock' | 'log' | 'self'>
  /** When this peer told it last, or tried to. */
  readonly #told = new Map<string, Instant>()

  constructor(context: Pick<OperationContext, 'control' | 'clock' | 'log' | 'self'>) {
    this.#context = context
  }

  note(id: string): void {
    const { control, clock } = this.#context
    const at = clock.now()
    const last = Math.max(control.state.apikeys.get(id)?.lastUsedAt ?? 0, this.#told.get(id) ?? 0)
    if (!control.state.apikeys.has(id) || at - last < pause) return
    for (const known of this.#told.keys()) if (!control.state.apikeys.has(known)) this.#told.delete(known)
    this.#told.set(id, at)
    this.#tell(id, at).catch((error: unknown) => {
      // Nobody waits for it, and the next use tells it again.
      if (!(error instanceof ClawError)) throw error
      this.#context.log.debug('the use of an API key was not noted', { key: id, code: error.code })
    })
  }

  async #tell(id: string, at: Instant): Promise<void> {
    const { control, clock, self } = this.#context
    const command = { type: 'note-apikey-use', id, at } as const
    await within(clock, changePatience, new AbortController().signal, (signal) =>
      control.execute(command, { id: `apikey-use/${id}/${self}/${at}`, by: self, signal }),
    )
  }
}
