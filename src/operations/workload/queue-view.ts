/** What the scheduler looks at now, as far as this peer can tell; and where in the queue each workload is that waits. */
import { z } from 'zod'
import type { QueuePlace } from '../../core/queue/estimate.ts'
import { queueOf } from '../../core/queue/estimate.ts'
import { keptNodes } from '../../core/queue/outlook.ts'
import { defaultReserving } from '../../core/queue/reserve.ts'
import { residentsOf } from '../../core/queue/resident.ts'
import { snapshotOf } from '../../core/scheduler/snapshot.ts'
import type { Snapshot } from '../../core/scheduler/types.ts'
import { defaultScheduling } from '../../core/scheduler/types.ts'
import type { WorkloadId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { observer } from '../../services/gateway/observe.ts'
import type { OperationContext } from '../context.ts'
import { isoOrNull } from '../fields.ts'

export const QueueView = z
  .object({
    position: z.int().describe('1 is looked at first'),
    length: z.int(),
    estimatedStart: z
      .string()
      .nullable()
      .describe(
        'ISO 8601; when it is expected to start as things are now, once the time limits of what runs are up; null when nobody can tell',
      ),
  })
  .nullable()
  .describe('Its place among all that wait; null when it does not wait')
export type QueueView = z.infer<typeof QueueView>

type Context = Pick<OperationContext, 'control' | 'everything' | 'membership' | 'clock'>

/** With these workloads besides. */
export function snapshotNow(
  { control, everything = control, membership, clock }: Context,
  more: readonly Workload[] = [],
): Snapshot {
  const { state } = everything
  const source =
    more.length === 0
      ? state
      : {
          ...state,
          workloads: new Map([...state.workloads, ...more.map((one) => [one.id, one] as const)]),
          pending: new Set([...state.pending, ...more.map(({ id }) => id)]),
        }
  return snapshotOf(source, observer(membership), clock.now())
}

/** With the nodes that are kept for work which waits. */
export const withKept = (
  snapshot: Snapshot,
  { control, everything = control }: Pick<Context, 'control' | 'everything'>,
): Snapshot => ({
  ...snapshot,
  reservations: keptNodes(snapshot, (node) => residentsOf(everything.state, node), {
    ...defaultScheduling,
    ...defaultReserving,
  }),
})

type Places = ReadonlyMap<WorkloadId, QueuePlace>

/** What was found out last by each peer, and until when that will do. */
const looked = new WeakMap<Context['control'], { readonly until: Millis; readonly places: Places }>()

/** For so many times as long as it took to look through the queue, what was found will do: whoever polls must not keep a peer busy. */
const rest = 10

/** Of each of these workloads. The queue is looked through once for all of them, and not at all when none waits. */
export function queueViews(workloads: readonly Workload[], context: Context): (workload: Workload) => QueueView {
  const waiting = workloads.filter(({ state }) => state === 'pending')
  if (waiting.length === 0) return () => null
  const places = recentPlaces(waiting, context) ?? look(context)
  return ({ id, state }) => (state === 'pending' ? queueView(places.get(id)) : null)
}

/** Null when nothing was found out lately, or only of others. */
function recentPlaces(waiting: readonly Workload[], { control, everything = control, clock }: Context): Places | null {
  const last = looked.get(everything)
  if (last === undefined || clock.elapsed() >= last.until) return null
  return waiting.some(({ id }) => last.places.has(id)) ? last.places : null
}

function look(context: Context): Places {
  const { control, everything = control, clock } = context
  const begun = clock.elapsed()
  const places = placesIn(withKept(snapshotNow(context), context), context)
  const ended = clock.elapsed()
  looked.set(everything, { until: ended + rest * (ended - begun), places })
  return places
}

export const placesIn = (
  snapshot: Snapshot,
  { control, everything = control }: Pick<Context, 'control' | 'everything'>,
) => queueOf(snapshot, (node) => residentsOf(everything.state, node), defaultScheduling)

export const queueView = (place: QueuePlace | undefined): QueueView =>
  place === undefined ? null : { ...place, estimatedStart: isoOrNull(place.estimatedStart) }
