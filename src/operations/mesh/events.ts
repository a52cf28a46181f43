/** What happens in the mesh, as it happens. */
import { z } from 'zod'
import { stateChanges } from '../changes.ts'
import { MeshEventView, eventView, isTold } from './event-view.ts'
import { momentOf, since } from '../fields.ts'
import { stream } from '../operation.ts'

export const eventsWatch = stream({
  name: 'events.watch',
  about: 'Tell the events of the mesh; with follow, go on as they happen.',
  input: z.strictObject({
    after: z.int().min(0).optional().describe('Go on after the event with this sequence number'),
    since: since.optional(),
    follow: z.boolean().default(false),
    type: z.string().max(64).optional().describe('Only events whose type begins like this, such as `workload.`'),
  }),
  output: MeshEventView,
  permission: { verb: 'read', resource: 'event' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/events' },
  async *handler({ after, since: text, follow, type }, { control, clock }, call) {
    const { signal } = call
    const from = momentOf(text, clock.now())
    const changes = stateChanges(control, signal)
    let last = after ?? (from === null && follow ? newest(control.state.events) : 0)
    try {
      for (; !signal.aborted; await changes.next(clock)) {
        const news = control.state.events.filter(({ sequence }) => sequence > last)
        for (const event of news) {
          last = event.sequence
          const isWanted = (type === undefined || event.type.startsWith(type)) && (from === null || event.at >= from)
          if (isWanted && isTold(event, call)) yield eventView(event, control.state)
        }
        if (!follow) return
      }
    } finally {
      changes.close()
    }
  },
})

const newest = (events: readonly { readonly sequence: number }[]): number => events.at(-1)?.sequence ?? 0
