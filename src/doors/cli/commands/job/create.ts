import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { expectCompleted, followedJob, jobLines, jobProgress } from '../../work/job-follow.ts'
import { jobOptions, jobPositionals, jobSaid } from '../../work/job-request.ts'

export default command({
  name: 'job create',
  about: 'Have something done so many times, tried again when it fails, and counted.',
  details:
    'Each run has a number of its own, told as CLAW_INDEX and JOB_COMPLETION_INDEX, and runs until it has succeeded once. A run hands on a result by printing a line that begins with $CLAW_RESULT.',
  positionals: jobPositionals,
  options: {
    ...jobOptions,
    wait: { kind: 'flag', about: 'Stay until it is over; ends with 1 when it has not completed' },
  },
  examples: [
    'job create render blender:4 --completions 100 --parallelism 8 --gpus 1 -- render.sh',
    'job create train pytorch/pytorch:latest --backoff-limit 2 --deadline 6h --ttl 1d -- python train.py',
    'job create sweep busybox --item 0.1 --item 0.01 --wait -- echo',
  ],

  async run(args, session) {
    const { out, host, signal } = session
    const { image, ...said } = jobSaid(args, host.env)
    if (image === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'no image is named: write job create NAME IMAGE' })
    const api = await session.api()
    const made = await api.call('job.create', { ...said, image, name: args.NAME }, signal)
    if (!args.wait) {
      await out.result(made, (view) => [`${view.name} (${view.jobId}) ${view.state}`])
      return undefined
    }
    out.note(jobProgress(made))
    const last = await followedJob(made.jobId, api, session)
    if (last !== null) await out.result(last, jobLines)
    expectCompleted(last)
    return undefined
  },
})
