/** Searches the output of all workloads, each node what it keeps itself. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { nodeId } from '../../model/ids.ts'
import type { Member } from '../../model/node.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode } from '../find.ts'
import { Filter, filterInput, filterOf } from './log-input.ts'
import { LogRead } from './log-read.ts'
import { Merged } from './merged.ts'
import type { Call } from '../operation.ts'
import { stream } from '../operation.ts'
import { chunksOf } from './placement-logs.ts'

type Found = z.infer<typeof LogRead>

const permission = { verb: 'read', resource: 'workload' } as const
const mostLines = 100_000
const limit = z.int().min(1).max(mostLines)
/** A node that has not found its first line or its end by then is searched no longer. */
const patience = 60_000

/** What one node keeps, the newest workload first. */
export const nodeLogSearch = stream({
  name: 'log.scan',
  about: 'Search all the output that one node keeps.',
  input: z.strictObject({ node: z.string().max(128), filter: Filter, limit }),
  output: LogRead,
  permission,
  isScoped: true,
  where: ({ node }) => nodeId(node),
  async *handler({ filter, limit: most }, { logs, control, self, clock }, { signal }) {
    const end = clock.elapsed() + patience
    const node = control.state.members.get(self)?.name ?? self
    const reading = { follow: false, from: null, tail: null, filter, isQuick: true } as const
    let left = most
    for (const { placement, workload, attempt, name } of logs.kept().toReversed()) {
      const as = { workload, attempt, name, node }
      if (clock.elapsed() > end) {
        yield { ...as, ...only(`the search took more than ${patience / 1_000} s, and was not brought to its end`) }
        return
      }
      for await (const chunk of chunksOf(logs, placement, reading, signal)) {
        yield { ...chunk, ...as }
        left -= linesIn(chunk.text)
        if (left > 0) continue
        yield { ...as, ...only('there is more: narrow the search, or raise --limit') }
        return
      }
    }
  },
})

export const logSearch = stream({
  name: 'log.search',
  about: 'Search the output of all workloads on all nodes, of those too that have ended.',
  input: z.strictObject({
    ...filterInput,
    node: nodeRef.optional().describe('Only on this node'),
    limit: limit.default(1_000).describe('Of each node, about so many lines'),
    details: z.boolean().default(false).describe('Tell the position and time of each line'),
  }),
  output: LogRead,
  permission,
  isScoped: true,
  rest: { method: 'GET', path: '/api/logs' },
  async *handler({ node, limit: most, details, ...wanted }, context, call) {
    if (wanted.search === undefined && wanted.level === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'without a workload, say what to search for' })
    const filter = filterOf(wanted, context.clock.now(), details)
    const { members } = context.control.state
    const asked = node === undefined ? [...members.values()] : [members.get(findNode(context.control.state, node))]
    const off = new AbortController()
    const signal = AbortSignal.any([call.signal, off.signal])
    const merged = new Merged<Found>()
    for (const member of asked)
      if (member !== undefined)
        merged.add(searched(member, { filter, limit: most }, context, { open: call.open, signal }))
    try {
      for (let item = await merged.next(); item !== null; item = await merged.next()) yield item
    } finally {
      off.abort()
      await merged.close()
    }
  },
})

/** One node's part. That a node cannot be asked is told, and stops nobody else. */
async function* searched(
  { id, name }: Member,
  asked: { readonly filter: z.infer<typeof Filter>; readonly limit: number },
  { membership }: OperationContext,
  call: Pick<Call, 'open' | 'signal'>,
): AsyncGenerator<Found> {
  const nothing = { workload: '', name: '', attempt: 0, node: name }
  if (membership.view(id).liveness === 'lost') {
    yield { ...nothing, ...only('it is lost, and was not searched') }
    return
  }
  try {
    for await (const item of call.open('log.scan', { node: id, ...asked }, call.signal)) yield LogRead.parse(item)
  } catch (error) {
    if (call.signal.aborted || !(error instanceof ClawError)) throw error
    yield { ...nothing, ...only(`it was not searched to the end: ${error.message}`) }
  }
}

const only = (note: string): Pick<Found, 'position' | 'text' | 'kinds' | 'note'> => ({
  ...{ position: 0, text: '', kinds: '' },
  note,
})

function linesIn(text: string): number {
  let count = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) count += 1
  return count
}
