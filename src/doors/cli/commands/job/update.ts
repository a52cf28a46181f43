import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

/** What is written for as long as it takes, and for ever. */
const orNull = (said: string | undefined): string | null | undefined => (said === 'none' ? null : said)

export default command({
  name: 'job update',
  about: 'Change how a job goes on: how many runs at a time, how often and how long it may be tried.',
  details:
    'What is not said stays. With fewer runs at a time, those that run go on, and others begin once there are few enough.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: {
    parallelism: { kind: 'number', value: 'N', about: 'So many runs at a time' },
    'backoff-limit': { kind: 'number', value: 'N', about: 'It has failed with one failed run more than this' },
    backoff: { kind: 'text', value: 'TIME', about: 'Pause after a failed run, doubled after each that follows' },
    deadline: {
      kind: 'text',
      value: 'TIME',
      about: 'Longest time that it may be active; none for as long as it takes',
    },
    ttl: { kind: 'text', value: 'TIME', about: 'Forget it so long after its end; none for never' },
    ...reasonOption,
    ...namespaceOption,
  },
  examples: ['job update render --parallelism 16', 'job update render --deadline none --reason "more frames"'],

  async run({ NAME, reason, parallelism, backoff, deadline, ttl, ...rest }, session) {
    const changes = { parallelism, backoff, backoffLimit: rest['backoff-limit'] }
    const spans = { deadline: orNull(deadline), ttl: orNull(ttl) }
    const named = { job: NAME, namespace: namespaceIn(rest, session), reason }
    const job = await (await session.api()).call('job.update', { ...changes, ...spans, ...named }, session.signal)
    await session.out.result(job, ({ name, state, completions }) => [`${name} is ${state}, ${completions}`])
    return undefined
  },
})
