import { command } from '../../line/command.ts'
import { Prefixes, printChunk } from '../../show/log-printer.ts'
import { logOptions, namespaceIn, namespaceOption } from '../../work/timed.ts'

export default command({
  name: 'job logs',
  about: 'Show what the runs of a job have printed.',
  details: 'Each line begins with the name of its run, unless one run is asked for with --index.',
  positionals: { NAME: { about: 'Name or id of the job' } },
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as they print, until the job is over' },
    index: { kind: 'number', value: 'N', about: 'Only the last run with this index' },
    ...logOptions,
    ...namespaceOption,
  },
  examples: ['job logs render', 'job logs render -f --tail 20', 'job logs render --index 0'],

  async run({ NAME, follow, index, tail, since, search, timestamps, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { job: NAME, namespace: namespaceIn(where, session) }
    const prefixes = new Prefixes(out.hasColour)
    const settings = {
      timestamps,
      prefix: ({ name }: { readonly name: string }) => (index === undefined ? prefixes.of(name) : ''),
    }
    for await (const item of api.stream('job.logs', { ...named, follow, index, tail, since, search }, signal))
      await printChunk(out, item, settings)
    return undefined
  },
})
