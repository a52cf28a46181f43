/** The output of one or several workloads, many lines at a time: what `clawbernetes logs` shows. */
import { z } from 'zod'
import { groupName } from '../core/state/groups.ts'
import { ClawError } from '../model/failure.ts'
import type { WorkloadId } from '../model/ids.ts'
import type { Workload } from '../model/workload.ts'
import type { OperationContext } from './context.ts'
import { workloadRef } from './fields.ts'
import { findFreshWorkload, findGroup } from './find.ts'
import type { AttemptChunk, Cursor } from './follow-logs.ts'
import { attemptLogs, followedLogs, printedLogs } from './follow-logs.ts'
import { earlierAttempt } from './log-attempts.ts'
import { Chunk, filterInput, filterOf, position, tail } from './log-input.ts'
import { Merged } from './merged.ts'
import type { Call } from './operation.ts'
import { stream } from './operation.ts'

const mostWorkloads = 200

const From = z.strictObject({ attempt: z.int().min(1), position })

const input = z.strictObject({
  workloads: z
    .array(workloadRef)
    .min(1)
    .max(mostWorkloads)
    .describe('Names or ids of workloads; the name of a group means all its parts'),
  replicas: z.boolean().default(false).describe('Also all that belongs to the same group or deployment as one of them'),
  follow: z.boolean().default(false),
  tail: tail.optional(),
  previous: z.boolean().default(false).describe('Of the attempt before the current one'),
  ...filterInput,
  details: z.boolean().default(false).describe('Tell the position and time of each line'),
  from: z
    .record(z.string().max(128), From)
    .default({})
    .describe('By id of a workload: go on after that line of that attempt'),
})

export const LogRead = Chunk.extend({
  workload: z.string().describe('Id of the workload'),
  name: z.string(),
  node: z.string().describe('Name of the node that has it'),
  attempt: z.int(),
})
type LogReadItem = z.infer<typeof LogRead>

export const logRead = stream({
  name: 'log.read',
  about: 'Read the output of one or several workloads, many lines an item.',
  input,
  output: LogRead,
  permission: { verb: 'read', resource: 'workload' },
  async *handler(wanted, context, call) {
    const reading = new Reading(wanted, context, call)
    const workloads = await reading.workloads()
    if (workloads.length === 1 && !wanted.replicas && workloads[0] !== undefined) yield* reading.of(workloads[0])
    else if (wanted.follow) yield* reading.together(workloads)
    else for (const workload of workloads) yield* reading.of(workload)
  },
})

class Reading {
  readonly #wanted: z.output<typeof input>
  readonly #context: OperationContext
  readonly #call: Call

  constructor(wanted: z.output<typeof input>, context: OperationContext, call: Call) {
    this.#wanted = wanted
    this.#context = context
    this.#call = call
  }

  /** All that is meant, each once. */
  async workloads(): Promise<readonly Workload[]> {
    const { workloads, replicas } = this.#wanted
    const found = new Map<WorkloadId, Workload>()
    for (const name of workloads) {
      const first = await findFreshWorkload(this.#context, name, this.#call.signal)
      for (const workload of this.#meant(first, name, replicas)) found.set(workload.id, workload)
    }
    if (found.size > mostWorkloads)
      throw new ClawError('INVALID_REQUEST', { problem: `that is more than ${mostWorkloads} workloads at a time` })
    return [...found.values()]
  }

  #meant(first: Workload, name: string, replicas: boolean): readonly Workload[] {
    const { state } = this.#context.control
    const group = groupName(first)
    if (group === null || (!replicas && (first.name === name || first.id.startsWith(name)))) return [first]
    return findGroup(state, first.part?.group ?? group)
  }

  async *of(workload: Workload, call: Pick<Call, 'open' | 'signal'> = this.#call): AsyncGenerator<LogReadItem> {
    const { control } = this.#context
    for await (const { node, ...chunk } of this.#chunks(workload, call)) {
      const member = [...control.state.members.values()].find(({ id }) => id === node)
      yield { ...chunk, workload: workload.id, name: workload.name, node: member?.name ?? node }
    }
  }

  async *#chunks(workload: Workload, call: Pick<Call, 'open' | 'signal'>): AsyncGenerator<AttemptChunk> {
    const { follow, previous, from, tail: last, details } = this.#wanted
    const { id } = workload
    const start = from[id]
    const cursor: Cursor = {
      attempt: start?.attempt ?? 0,
      from: start?.position ?? null,
      tail: start === undefined ? (last ?? null) : null,
      filter: filterOf(this.#wanted, this.#context.clock.now(), details),
    }
    if (previous) {
      const earlier = await earlierAttempt(workload, null, this.#context, this.#call)
      yield* attemptLogs(id, earlier, cursor, { call, follow: false })
    } else yield* (follow ? followedLogs : printedLogs)(id, cursor, this.#context, call)
  }

  async *together(workloads: readonly Workload[]): AsyncGenerator<LogReadItem> {
    const off = new AbortController()
    const signal = AbortSignal.any([this.#call.signal, off.signal])
    const call = { ...this.#call, signal }
    const merged = new Merged<LogReadItem>()
    for (const workload of workloads) merged.add(this.of(workload, call))
    try {
      for (let item = await merged.next(); item !== null; item = await merged.next()) yield item
    } finally {
      off.abort()
      await merged.close()
    }
  }
}
