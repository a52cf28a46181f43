import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'workflow retry',
  about: 'Do again what has not completed of a workflow; what has is not done again.',
  positionals: { NAME: { about: 'Name or id of the workflow' } },
  options: { ...reasonOption, ...namespaceOption },
  examples: ['workflow retry nightly', 'workflow retry nightly --reason "the disk is free again"'],

  async run({ NAME, reason, ...where }, session) {
    const api = await session.api()
    const named = { workflow: NAME, namespace: namespaceIn(where, session), reason }
    const workflow = await api.call('workflow.retry', named, session.signal)
    await session.out.result(workflow, ({ name, state, progress }) => [`${name} is ${state}, ${progress} steps`])
    return undefined
  },
})
