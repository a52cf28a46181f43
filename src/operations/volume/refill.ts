/** Replaces all data of a volume at once: filled aside, then taken in its place by one decision of the mesh, so that nobody ever sees half of it. */
import { usersOf } from '../../core/state/volumes.ts'
import { ClawError } from '../../model/failure.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import { carryOut } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import type { Call } from '../operation.ts'
import { randomWord } from '../workload/workload-request.ts'

interface Around extends Pick<Call, 'caller' | 'signal'> {
  readonly context: OperationContext
  /** It is to be a volume that there is not yet. */
  readonly isNew?: true
}

/** Throws VOLUME_BUSY and VOLUME_EXISTS, and what the archive does: the volume is as it was then. */
export async function refill(volume: Volume, archive: AsyncIterable<Uint8Array>, around: Around): Promise<void> {
  const { context, caller, signal, isNew = false } = around
  const { namespace, name, labels } = volume
  if (!isNew) {
    refuseUsed(volume, context)
    await context.volumes.refuseUsed(volume, signal)
  }
  const incarnation = `fill-${randomWord(context.random, 16)}`
  const filled = { ...volume, incarnation }
  await context.volumes.fill(filled, archive, signal)
  const command = {
    ...{ type: 'report-restore' as const, namespace, name, node: context.self, incarnation },
    instead: volume.incarnation ?? null,
    ...(isNew && { made: labels === undefined ? {} : { labels } }),
  }
  try {
    await carryOut('restore', command, { context, caller, signal, key: incarnation })
  } catch (error) {
    // What may yet be decided must be there then; it goes with the next that is.
    if (isRefusal(error)) await context.volumes.drop(filled, new AbortController().signal)
    throw error
  }
  await context.volumes.dropOthers(filled, signal)
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ClawError && ['conflict', 'invalid', 'not-found', 'refused'].includes(error.kind)

/** Throws VOLUME_BUSY. */
export function refuseUsed(volume: Volume, { control }: Pick<OperationContext, 'control'>): void {
  const users = usersOf(control.state, volume)
  if (users.length === 0) return
  const words = users.slice(0, 3).map(({ name }) => name)
  throw new ClawError('VOLUME_BUSY', { volume: volumeKey(volume.namespace, volume.name), users: words.join(', ') })
}
