import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption } from '../../work/timed.ts'
import { workflowLines, workflowProgress } from '../../work/workflow-follow.ts'

export default command({
  name: 'workflow status',
  about: 'Show one workflow: its steps, what they wait for, and what they have handed on.',
  positionals: { NAME: { about: 'Name or id of the workflow' } },
  options: {
    watch: { kind: 'flag', short: 'w', about: 'Go on: a line for each change, until it is over' },
    ...namespaceOption,
  },
  examples: ['workflow status nightly', 'workflow status nightly --watch', 'workflow status nightly -o json'],

  async run({ NAME, watch, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const named = { workflow: NAME, namespace: namespaceIn(where, session) }
    if (!watch) {
      await out.result(await api.call('workflow.status', named, signal), workflowLines)
      return undefined
    }
    for await (const status of api.stream('workflow.wait', named, signal))
      await out.item(status, `${workflowProgress(status)}\n`)
    return undefined
  },
})
