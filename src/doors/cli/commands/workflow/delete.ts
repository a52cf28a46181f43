import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { namespaceIn, namespaceOption, reasonOption } from '../../work/timed.ts'

export default command({
  name: 'workflow delete',
  about: 'Stop what runs of a workflow, and forget it and its jobs.',
  positionals: { NAME: { about: 'Name or id of the workflow' } },
  options: { ...reasonOption, ...namespaceOption, yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['workflow delete nightly', 'workflow delete nightly --yes --reason "done with it"'],

  async run({ NAME, reason, yes, ...where }, session) {
    const { out, signal } = session
    const api = await session.api()
    const found = await api.call('workflow.status', { workflow: NAME, namespace: namespaceIn(where, session) }, signal)
    const plan = [`The workflow ${found.name}, which is ${found.state}, will be deleted with its jobs.`]
    await confirm(plan, { ...session, yes })
    const gone = await api.call('workflow.delete', { workflow: found.workflowId, reason }, signal)
    await out.result(gone, ({ name, state }) => [state === 'deleted' ? `${name} is gone` : `${name} is being deleted`])
    return undefined
  },
})
