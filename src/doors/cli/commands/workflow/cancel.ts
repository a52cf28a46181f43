import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'workflow cancel',
  about: 'Stop what runs of a workflow, and begin nothing more of it.',
  positionals: { NAME: { about: 'Name or id of the workflow' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['workflow cancel nightly', 'workflow cancel nightly --reason "not needed"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { workflow: NAME, namespace: namespaceIn(where, session), reason }
    const workflow = await api.call('workflow.cancel', named, session.signal)
    await session.out.result(workflow, ({ name, state, progress }) => [`${name} is ${state}, ${progress} steps`])
    return undefined
  },
})
