/** What goes on for longer ends when whoever asked for it is let in no more. */
import { isStranger, standingOf } from '../../core/access/standing.ts'
import { ClawError } from '../../model/failure.ts'
import { second } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import type { Caller } from '../operation.ts'

interface Asker {
  readonly caller: Caller
  readonly signal: AbortSignal
}

type Context = Pick<OperationContext, 'control' | 'clock' | 'self'>

/** A signal that ends with the asker's, or within seconds with AUTH_FAILED when the mesh does not know the caller any more. */
function letIn({ control, clock, self }: Context, { caller, signal }: Asker) {
  const out = new AbortController()
  let stop = (): void => {}
  const look = (): void => {
    const standing = standingOf(control.state, caller, { at: clock.now(), self })
    if (isStranger(standing)) out.abort(new ClawError('AUTH_FAILED', { reason: standing.problem }))
    else stop = clock.after(second, look)
  }
  stop = clock.after(second, look)
  return { signal: AbortSignal.any([signal, out.signal]), release: () => stop() }
}

export async function whileLetIn<T>(context: Context, asker: Asker, work: (asker: Asker) => Promise<T>): Promise<T> {
  const { signal, release } = letIn(context, asker)
  try {
    return await work({ ...asker, signal })
  } finally {
    release()
  }
}

export async function* itemsWhileLetIn<T>(
  context: Context,
  asker: Asker,
  open: (asker: Asker) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const { signal, release } = letIn(context, asker)
  try {
    yield* open({ ...asker, signal })
  } finally {
    release()
  }
  if (signal.aborted && !asker.signal.aborted) throw signal.reason
}
