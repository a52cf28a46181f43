/** Running any operation on a named node. */
import { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import { withDeadline } from '../deadline.ts'
import { findNode } from '../find.ts'
import { nodeRef } from '../fields.ts'
import { nameOf } from './node-view.ts'
import { unary } from '../operation.ts'

/** On a node, these names mean its own containers. */
export const nodeCommands: ReadonlyMap<string, string> = new Map([
  ['workload.run', 'container.run'],
  ['workload.stop', 'container.stop'],
  ['workload.logs', 'container.logs'],
  ['workload.list', 'container.list'],
  ['workload.inspect', 'container.inspect'],
  ['workload.stats', 'container.stats'],
])

/** An invocation that invoked others would multiply. */
const notInvoked: readonly string[] = ['node.invoke', 'mesh.invoke']
/** These take the key themselves, so that the mesh does not do twice what this node has forgotten. */
const keyed: readonly string[] = [
  'container.run',
  'events.emit',
  'secret.create',
  'secret.set',
  'secret.rotate',
  'config.create',
]
/** What these did before they were cut off cannot be undone, and is not to be done again. */
const unrepeatable: readonly string[] = ['system.run', 'container.exec']
/** Answers that are secret. */
const toldOnce: readonly string[] = ['secret.get', 'apikey.create', 'apikey.rotate', 'token.create']

/** Of all that a stream says. */
const mostSaid = 524_288

const Progress = z.looseObject({ isDone: z.boolean() })

/** Throws TOO_LARGE for a stream that says more than one answer is to hold. */
async function allOf(items: AsyncIterable<unknown>, command: string): Promise<unknown> {
  const all: unknown[] = []
  let size = 0
  for await (const item of items) {
    const progress = Progress.safeParse(item)
    if (progress.success && progress.data.isDone) return item
    if (progress.success) continue
    size += JSON.stringify(item).length
    if (size > mostSaid) throw new ClawError('TOO_LARGE', { what: `What ${command} says`, limit: mostSaid })
    all.push(item)
  }
  return all
}

/** Asked for by all forms of an invocation. */
export const invocation = {
  command: z.string().min(1).max(64).describe('Name of an operation, such as workload.run or gpu.metrics'),
  params: z.record(z.string(), z.unknown()).default({}),
  timeoutMs: z
    .int()
    .min(1)
    .max(600_000)
    .default(120_000)
    .describe('When whoever asks stops waiting, and the node stops working'),
  idempotencyKey: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('The same key by the same caller is carried out once; whoever repeats it gets the first one’s reply'),
}

export const nodeInvoke = unary({
  name: 'node.invoke',
  about:
    'Run an operation on a named node. There, workload.run, stop, logs, list, inspect and stats mean its own containers. One that answers with a stream is answered with the list of what it says, or with what it says last where it tells how far it is.',
  input: z.strictObject({ node: nodeRef, ...invocation }),
  output: z.unknown(),
  permission: { verb: 'invoke', resource: 'node' },
  secretFields: ['params'],
  rest: { method: 'POST', path: '/api/nodes/:node/invoke' },
  patience: ({ command, timeoutMs }) => ({ span: timeoutMs, what: command }),
  where: ({ node }, { control }) => findNode(control.state, node),
  handler({ command, params, timeoutMs, idempotencyKey: key }, { self, control, clock, replies }, call) {
    const name = nodeCommands.get(command) ?? command
    if (notInvoked.includes(name)) throw new ClawError('INVALID_REQUEST', { problem: `${name} cannot be invoked` })
    const deadline = { span: timeoutMs, what: `${command} on ${nameOf(control.state, self)}` }
    const run = (input: object, signal: AbortSignal): Promise<unknown> =>
      withDeadline(clock, deadline, signal, (limits) => {
        const inner = call.within(limits)
        if (call.commands.includes(name)) return inner.invoke(name, input)
        return allOf(inner.open(name, input, limits.signal), command)
      })
    // What was told is not told again without asking whether the caller may still hear it.
    if (key === undefined || toldOnce.includes(name)) return run(params, call.signal)

    // Whoever comes back with the key wants the reply: the node goes on when the caller is gone, until the deadline.
    const input = keyed.includes(name) ? { idempotencyKey: `${key}@${self.slice(-52)}`, ...params } : params
    const work = (): Promise<unknown> => run(input, new AbortController().signal)
    const isFinal = (error: unknown): boolean =>
      isClawError(error) && (error.kind === 'timeout' ? unrepeatable.includes(name) : error.kind !== 'unavailable')
    const once = (): Promise<unknown> =>
      replies.once(`${call.caller.id} ${key}`, `${name} ${canonicalJson(params)}`, { work, isFinal })
    return withDeadline(clock, deadline, call.signal, once)
  },
})
