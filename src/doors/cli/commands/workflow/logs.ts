import { command } from '../../line/command.ts'
import { Prefixes, printChunk } from '../../show/log-printer.ts'
import { logOptions, namespaceIn, namespaceOption } from '../../work/timed.ts'

export default command({
  name: 'workflow logs',
  about: 'Show what the steps of a workflow have printed, one step after the other.',
  positionals: { NAME: { about: 'Name or id of the workflow' } },
  options: {
    step: { kind: 'text', value: 'STEP', about: 'Only of this step' },
    ...logOptions,
    ...namespaceOption,
  },
  examples: ['workflow logs nightly', 'workflow logs nightly --step fetch --tail 20'],

  async run({ NAME, step, tail, since, search, timestamps, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { workflow: NAME, namespace: namespaceIn(where, session) }
    const prefixes = new Prefixes(out.hasColour)
    const settings = { timestamps, prefix: ({ name }: { readonly name: string }) => prefixes.of(name) }
    for await (const item of api.stream('workflow.logs', { ...named, step, tail, since, search }, signal))
      await printChunk(out, item, settings)
    return undefined
  },
})
