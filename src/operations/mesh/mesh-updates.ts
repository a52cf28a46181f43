/** Everything that a page or a program wants to be told of a mesh while it looks at it, as one stream. */
import { z } from 'zod'
import { isClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { OperationContext } from '../context.ts'
import { iso, span, spanOf, time, workloadRef } from '../fields.ts'
import { findFreshWorkload } from '../find.ts'
import { changeShapes } from './mesh-changes.ts'
import { MeshMetrics } from './measured.ts'
import { Merged } from '../logs/merged.ts'
import type { Call } from '../operation.ts'
import { stream } from '../operation.ts'
import { LogItem, workloadLogs } from '../workload/workload-logs.ts'

const Update = z.discriminatedUnion('type', [
  ...changeShapes,
  z.object({ type: z.literal('MetricsUpdate'), data: MeshMetrics }),
  z.object({ type: z.literal('LogLine'), data: LogItem.extend({ id: z.string(), name: z.string() }) }),
  z.object({
    type: z.literal('LogFailed'),
    data: z.object({
      ...{ at: time, id: z.string(), name: z.string() },
      error: z.object({ code: z.string(), message: z.string() }).describe('Why no more of its output is told'),
    }),
  }),
])
type Update = z.infer<typeof Update>

const types = Update.options.map(({ shape }) => shape.type.value)

export const meshUpdates = stream({
  name: 'mesh.updates',
  about: 'Tell what becomes of nodes and workloads as it happens, what the nodes measure, and what workloads print.',
  input: z.strictObject({
    types: z.array(z.enum(types)).max(16).optional().describe('Only these; all when left out'),
    logs: z.array(workloadRef).max(8).default([]).describe('Workloads whose new output is told line by line'),
    metricsEvery: span.default(10).describe('Pause between two MetricsUpdate; at least 1 s'),
  }),
  output: Update,
  permission: { verb: 'read', resource: 'mesh' },
  rest: { method: 'GET', path: '/api/updates' },
  async *handler({ types: wanted, logs, metricsEvery }, context, call) {
    const every = spanOf(metricsEvery, 'metricsEvery', second)
    const isWanted = ({ type }: Update): boolean => wanted === undefined || wanted.includes(type)
    const over = new AbortController()
    const signal = AbortSignal.any([call.signal, over.signal])
    const merged = new Merged<Update>()
    merged.add(context.sight.follow(signal))
    if (wanted?.includes('MetricsUpdate') !== false) merged.add(metrics(context, every, signal))
    try {
      for (const workload of logs) merged.add(await lines(workload, context, { call, signal }))
      for (let next = await merged.next(); next !== null; next = await merged.next()) if (isWanted(next)) yield next
    } finally {
      over.abort()
      await merged.close()
    }
  },
})

async function* metrics(context: OperationContext, every: Millis, signal: AbortSignal): AsyncGenerator<Update> {
  while (!signal.aborted) {
    yield { type: 'MetricsUpdate', data: context.measured.read() }
    await pause(context, every, signal)
  }
}

/** Ends early when the signal does. */
async function pause({ clock }: Pick<OperationContext, 'clock'>, span: Millis, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const onEnd = (): void => resolve(undefined)
  const cancel = clock.after(span, onEnd)
  signal.addEventListener('abort', onEnd, { once: true })
  if (!signal.aborted) await promise
  cancel()
  signal.removeEventListener('abort', onEnd)
}

/** What it prints from now on, and why that cannot be read any more: the rest goes on. Throws WORKLOAD_NOT_FOUND. */
async function lines(
  wanted: string,
  context: OperationContext,
  { call, signal }: { readonly call: Call; readonly signal: AbortSignal },
): Promise<AsyncIterable<Update>> {
  const { id, name } = await findFreshWorkload(context, wanted, signal)
  const items = call.open('workload.logs', { workload: id, follow: true, tail: 0 }, signal)
  return (async function* () {
    try {
      for await (const item of items)
        yield { type: 'LogLine' as const, data: { ...workloadLogs.output.parse(item), id, name } }
    } catch (error) {
      if (!isClawError(error) || signal.aborted) throw error
      const { code, message } = error
      yield { type: 'LogFailed' as const, data: { at: iso(context.clock.now()), id, name, error: { code, message } } }
    }
  })()
}
