/** The output of one or several workloads, many lines at a time: what `clawbernetes logs` shows. */
import { z } from 'zod'
import { ClawError, isClawError } from '../../model/failure.ts'
import { isOver } from '../../model/job.ts'
import type { DeploymentId, JobId, WorkloadId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import type { OperationContext } from '../context.ts'
import { workloadRef } from '../fields.ts'
import type { AttemptChunk, Cursor } from './follow-logs.ts'
import { attemptLogs, attemptOf, followedLogs, printedLogs } from './follow-logs.ts'
import { earlierAttempt } from './log-attempts.ts'
import { Chunk, filterInput, filterOf, position, tail } from './log-input.ts'
import { type Meant, meantBy } from './log-sources.ts'
import { Merged } from './merged.ts'
import type { Call } from '../operation.ts'
import { stream } from '../operation.ts'

const mostWorkloads = 200

const From = z.strictObject({ attempt: z.int().min(1), position })

const input = z.strictObject({
  workloads: z
    .array(workloadRef)
    .min(1)
    .max(mostWorkloads)
    .describe('Names or ids of workloads; the name of a group or a deployment means all of it'),
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
  isScoped: true,
  async *handler(wanted, context, call) {
    const reading = new Reading(wanted, context, call)
    const meant = await reading.meant()
    if (wanted.follow && !wanted.previous) yield* reading.together(meant)
    else
      for (const workload of meant.workloads) yield* reading.of(workload, { isOneOfMany: meant.workloads.length > 1 })
    reading.verdict()
  },
})

interface How {
  readonly call?: Pick<Call, 'open' | 'signal'>
  readonly isOneOfMany: boolean
}

class Reading {
  readonly #wanted: z.output<typeof input>
  readonly #context: OperationContext
  readonly #call: Call
  /** Whether any could be read at all, and else what stood in the way first. */
  #wasRead = false
  #failure: Error | null = null

  constructor(wanted: z.output<typeof input>, context: OperationContext, call: Call) {
    this.#wanted = wanted
    this.#context = context
    this.#call = call
  }

  /** All that is meant, each once. */
  async meant(): Promise<Meant> {
    const { workloads: names, replicas } = this.#wanted
    const workloads = new Map<WorkloadId, Workload>()
    const deployments = new Set<DeploymentId>()
    const jobs = new Set<JobId>()
    for (const name of names) {
      const meant = await meantBy(name, replicas, this.#context, this.#call.signal)
      for (const workload of meant.workloads) workloads.set(workload.id, workload)
      for (const deployment of meant.deployments) deployments.add(deployment)
      for (const job of meant.jobs) jobs.add(job)
    }
    if (workloads.size > mostWorkloads)
      throw new ClawError('INVALID_REQUEST', { problem: `that is more than ${mostWorkloads} workloads at a time` })
    return { workloads: [...workloads.values()], deployments: [...deployments], jobs: [...jobs] }
  }

  /** What goes wrong with one of many is told in its place, as it must not hide the others. */
  async *of(workload: Workload, { call = this.#call, isOneOfMany }: How): AsyncGenerator<LogReadItem> {
    const { id, name } = workload
    try {
      for await (const { node, ...chunk } of this.#chunks(workload, call)) {
        this.#wasRead ||= chunk.kinds !== ''
        yield { ...chunk, workload: id, name, node: this.#nameOf(node) }
      }
      this.#wasRead = true
    } catch (error) {
      if (!isOneOfMany || !isClawError(error) || call.signal.aborted) throw error
      this.#failure ??= error
      const { placement } = this.#context.control.state.workloads.get(id) ?? workload
      const place = { node: this.#nameOf(placement?.node ?? ''), attempt: attemptOf(workload) }
      yield { position: 0, text: '', kinds: '', note: error.message, workload: id, name, ...place }
    }
  }

  /** Throws when nothing could be read of any of them. */
  verdict(): void {
    if (!this.#wasRead && this.#failure !== null) throw this.#failure
  }

  #nameOf(node: string): string {
    return [...this.#context.control.state.members.values()].find(({ id }) => id === node)?.name ?? node
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

  /** All at once, with those that join a deployment meanwhile. */
  async *together({ workloads, deployments, jobs }: Meant): AsyncGenerator<LogReadItem> {
    const { control } = this.#context
    const off = new AbortController()
    const call = { ...this.#call, signal: AbortSignal.any([this.#call.signal, off.signal]) }
    const isGoingOn = (id: JobId): boolean => {
      const job = control.state.jobs.get(id)
      return job !== undefined && !isOver(job)
    }
    const mayGrow = (): boolean =>
      !call.signal.aborted && (deployments.some((id) => control.state.deployments.has(id)) || jobs.some(isGoingOn))
    const isOneOfMany = workloads.length > 1 || deployments.length > 0 || jobs.length > 0
    const merged = new Merged<LogReadItem>(mayGrow)
    const read = new Set<WorkloadId>()
    const add = (workload: Workload): void => {
      if (read.has(workload.id) || merged.size >= mostWorkloads) return
      read.add(workload.id)
      merged.add(this.of(workload, { call, isOneOfMany }))
    }
    for (const workload of workloads) add(workload)
    const unsubscribe = control.onChange((changes) => {
      for (const change of changes) {
        if (change.type !== 'workload') continue
        const workload = control.state.workloads.get(change.workload)
        if (workload === undefined) read.delete(change.workload)
        if (workload?.owner !== undefined && deployments.includes(workload.owner.deployment)) add(workload)
        if (workload?.run !== undefined && jobs.includes(workload.run.job)) add(workload)
      }
      merged.recheck()
    })
    const onAbort = (): void => {
      merged.recheck()
    }
    call.signal.addEventListener('abort', onAbort, { once: true })
    try {
      for (let item = await merged.next(); item !== null; item = await merged.next()) yield item
    } finally {
      unsubscribe()
      call.signal.removeEventListener('abort', onAbort)
      off.abort()
      await merged.close()
    }
  }
}
