import { command } from '../../line/command.ts'
import { jobLines, jobProgress } from '../../work/job-follow.ts'
import { namespaceIn, namespaceOption } from '../../work/timed.ts'

export default command({
  name: 'job status',
  about: 'Show one job: how many of its runs have succeeded, those that run, and why it waits or has failed.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: {
    watch: { kind: 'flag', short: 'w', about: 'Go on: a line for each change, until it is over' },
    ...namespaceOption,
  },
  examples: ['job status render', 'job status render --watch', 'job status render -o json'],

  async run({ NAME, watch, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { job: NAME, namespace: namespaceIn(where, session) }
    if (!watch) {
      await out.result(await api.call('job.status', named, signal), jobLines)
      return undefined
    }
    for await (const status of api.stream('job.wait', named, signal)) await out.item(status, `${jobProgress(status)}\n`)
    return undefined
  },
})
