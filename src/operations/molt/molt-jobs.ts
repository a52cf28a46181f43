/** Jobs that strangers run for a node: how they stand, what they print, and going into them. */
import { z } from 'zod'
import { isJobOver, wordFor } from '../../core/molt/market/job.ts'
import { linesOfChunk } from '../../lib/log-chunk.ts'
import { ClawError } from '../../model/failure.ts'
import type { Conversation } from '../../ports/conversation.ts'
import { followJob, jobStates } from '../../services/molt/buying/job-watch.ts'
import { Exit, Size, ToCommand } from '../../wire/command-talk.ts'
import type { LogsItem } from '../../wire/molt-lease.ts'
import { time } from '../fields.ts'
import { duplex, stream, unary } from '../operation.ts'
import { type Talk, talkOver } from '../talk.ts'
import { channels } from '../workload/command-talk.ts'
import { environmentIn, execFields } from '../workload/exec-request.ts'
import { atBuyer, buyer, spend } from './molt-buying.ts'
import { JobRow, jobRow, JobView, jobView } from './molt-job-view.ts'

const job = z.string().min(1).max(128).describe('Its id, or its name')
const look = { verb: 'read', resource: 'molt' } as const

export const moltJobList = unary({
  name: 'moltjob.list',
  about: 'List the jobs that strangers run for a node.',
  input: z.strictObject({ all: z.boolean().default(false).describe('Also those that are over'), node: buyer }),
  output: z.array(JobRow),
  permission: look,
  rest: { method: 'GET', path: '/api/molt/jobs' },
  where: atBuyer,
  handler({ all }, { buying }) {
    const jobs = buying.view().service.jobs()
    return Promise.resolve(jobs.filter((one) => all || !isJobOver(one)).map(jobRow))
  },
})

export const moltJobInfo = unary({
  name: 'moltjob.info',
  about: 'Show a job that strangers run: its providers, how it stands, and what it costs.',
  input: z.strictObject({ job, node: buyer }),
  output: JobView,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/jobs/:job' },
  where: atBuyer,
  handler({ job: wanted }, { buying }) {
    const view = buying.view()
    return Promise.resolve(jobView(view.service.job(wanted), view))
  },
})

export const moltJobCancel = unary({
  name: 'moltjob.cancel',
  about: 'End a job that strangers run. What it has used is paid for; the rest comes back.',
  input: z.strictObject({ job, node: buyer }),
  output: JobView,
  permission: spend,
  rest: { method: 'POST', path: '/api/molt/jobs/:job/cancel' },
  where: atBuyer,
  async handler({ job: wanted }, { buying }) {
    const view = buying.view()
    return jobView(await view.service.cancel(wanted), view)
  },
})

export const moltJobFollow = stream({
  name: 'moltjob.follow',
  about: 'Show a job that strangers run each time that it changes, until it is over and paid for.',
  input: z.strictObject({ job, node: buyer }),
  output: JobView,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/jobs/:job/follow' },
  where: atBuyer,
  async *handler({ job: wanted }, { buying }, { signal }) {
    const view = buying.view()
    for await (const one of jobStates(view.service, wanted, signal)) yield jobView(one, view)
  },
})

const Line = z.object({
  attempt: z.int().describe('The attempt that wrote it; the first is 1'),
  position: z.int().describe('Rises with every line of one attempt'),
  at: time.nullable(),
  stream: z
    .enum(['stdout', 'stderr', 'note'])
    .describe('`note`: what the provider has to say of lines that are missing'),
  text: z.string(),
})

export const moltJobLogs = stream({
  name: 'moltjob.logs',
  about:
    'Read what a job prints, from the provider that runs it; with follow, on through its attempts until it has ended.',
  input: z.strictObject({
    job,
    follow: z.boolean().default(false),
    tail: z.int().min(0).max(1_000_000).optional().describe('Only the last lines'),
    node: buyer,
  }),
  output: Line,
  permission: look,
  rest: { method: 'GET', path: '/api/molt/jobs/:job/logs' },
  where: atBuyer,
  async *handler({ job: wanted, follow, tail = null }, { buying, clock }, { signal }) {
    const { service } = buying.view()
    if (follow) {
      for await (const { attempt, item } of followJob({ service, clock }, { job: wanted, tail }, signal))
        yield* linesOf(item, attempt)
      return
    }
    const { purchases } = service.job(wanted).buy
    const attempt = 1 + purchases.findLastIndex(({ agreement }) => agreement !== null)
    for await (const item of service.logs(wanted, { from: null, tail, follow: false }, signal))
      yield* linesOf(item, attempt)
  },
})

function linesOf(item: LogsItem, attempt: number): z.infer<typeof Line>[] {
  const note = { attempt, position: item.position, at: null, stream: 'note' as const, text: item.note ?? '' }
  return [
    ...(item.note === null ? [] : [note]),
    ...linesOfChunk(item).map(({ position, at, stream: to, text }) => ({
      ...{ attempt, position: position ?? item.position, stream: to, text },
      at: at === null ? null : new Date(at).toISOString(),
    })),
  ]
}

const FromCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), provider: z.string().describe('Where it runs') }),
  Exit,
])

export const moltJobExec = duplex({
  name: 'moltjob.exec',
  about: 'Run a further command in the work of a job, at its provider, and talk to it.',
  input: z.strictObject({
    job,
    ...execFields,
    stdin: z.boolean().default(false).describe('Whether it has an input; without one it reads the end at once'),
    terminal: Size.optional().describe('A terminal of that size; both outputs are one then'),
    node: buyer,
  }),
  message: ToCommand,
  output: FromCommand,
  channels,
  secretFields: ['env'],
  permission: spend,
  where: atBuyer,
  async handler({ job: wanted, command, workdir, env, stdin, terminal }, { buying }, { signal }, talk) {
    const { service } = buying.view()
    const job = service.job(wanted)
    const last = job.buy.purchases.findLast(({ agreement }) => agreement !== null)
    // Its provider could only say so of a workload that nobody knows here.
    if (last?.state === 'closing' || last?.state === 'closed')
      throw new ClawError('MOLT_JOB_NOT_PLACED', { job: job.name, state: wordFor(job) })
    const off = new AbortController()
    const request = { command, workdir: workdir ?? null, env: environmentIn(env), stdin, terminal: terminal ?? null }
    const there = await service.exec(wanted, request, AbortSignal.any([signal, off.signal]))
    try {
      await carriedOn(talk, there, last?.terms.provider ?? '')
    } finally {
      // After the end nothing is there to be killed.
      off.abort(new Error('the command is over'))
    }
  },
})

type CommandTalk = Talk<z.infer<typeof ToCommand>, z.input<typeof FromCommand>>

/** What the one says the other hears, until the provider ends it. What comes from strangers is read before it is passed on. */
async function carriedOn(talk: CommandTalk, side: Conversation, provider: string): Promise<void> {
  const there = talkOver(side, FromProvider, ToCommand)
  const failed = Promise.withResolvers<never>()
  const tell = async (): Promise<void> => {
    for await (const message of talk.messages) await there.tell(message)
  }
  const send = async (): Promise<void> => {
    for await (const { channel, data } of talk.chunks) await there.send(channel, data)
  }
  const heard = async (): Promise<void> => {
    for await (const told of there.messages)
      await talk.tell(told.type === 'started' ? { type: 'started', provider } : told)
  }
  const shown = async (): Promise<void> => {
    for await (const { channel, data } of there.chunks) await talk.send(channel, data)
  }
  for (const forth of [tell(), send()]) forth.catch(failed.reject)
  await Promise.race([Promise.all([heard(), shown()]), failed.promise])
}

const FromProvider = z.discriminatedUnion('type', [z.object({ type: z.literal('started') }), Exit])
