import type { OutputOf } from '../../../operations/registry.ts'
import { command } from '../line/command.ts'
import { attemptInWords } from '../show/history.ts'
import { verdictLines } from '../show/verdicts.ts'

export default command({
  name: 'why',
  about: 'Say why a workload waits, or how it came to where it is.',
  details: 'Of one that waits: what speaks against each node, what would fit, and its place in the queue.',
  positionals: { workload: { about: 'Name or id of the workload', completes: 'workload' } },
  options: {},
  examples: ['why train', 'why wl-x7k2m4q9ab --json'],

  async run({ workload }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('workload.why', { workload }, signal), async (why, style) => [
      sentence(why),
      // A peer of an older build does not say these.
      ...queueInWords(why.queue ?? null),
      ...((why.decision ?? null) === null ? [] : [`It was decided that ${why.decision}.`]),
      ...why.history.map((one) => `Attempt ${one.attempt} was ${attemptInWords(one)}`),
      ...(why.state === 'pending' ? ['', ...(await verdictLines(why, style))] : []),
    ])
    return undefined
  },
})

type Why = OutputOf<'workload.why'>

const queueInWords = (queue: Why['queue']): readonly string[] =>
  queue === null
    ? []
    : [
        `It is number ${queue.position} of ${queue.length} that wait.`,
        (queue.estimatedStart ?? null) === null
          ? 'When it starts is unknown: no time limit of what runs says so.'
          : `As things are now it starts at ${queue.estimatedStart}.`,
      ]

function sentence({ name, state, reason, node, attempt, startedAt, endedAt, error, exitCode, eviction }: Why): string {
  const on = node === null ? '' : ` on ${node}`
  const again = attempt > 1 ? ` (attempt ${attempt})` : ''
  const ended = endedAt === null ? '' : ` at ${endedAt}`
  switch (state) {
    case 'pending':
      return reason === null ? `${name} waits for its turn.` : `${name} waits: ${reason}`
    case 'starting':
      return `${name} starts${on}${again}.`
    case 'running':
      return `${name} runs${on} since ${startedAt ?? 'now'}${again}.`
    case 'stopping':
      return eviction === null
        ? `${name} is being stopped${on}.`
        : `${name} leaves${node === null ? '' : ` ${node}`}: ${eviction.reason}`
    case 'completed':
      return `${name} completed${on}${ended}${again}.`
    case 'failed':
      return `${name} failed${on}${ended}${again}: ${error?.message ?? `exit code ${exitCode ?? 'unknown'}`}`
    case 'stopped':
      return `${name} was stopped${on}${ended}${again}.`
  }
}
