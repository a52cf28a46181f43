import { command } from '../../line/command.ts'
import { namespaceOption } from '../../work/timed.ts'
import { expectAllDone, followedWorkflow, workflowLines, workflowProgress } from '../../work/workflow-follow.ts'
import { showPlan } from '../../work/workflow-plan.ts'

export default command({
  name: 'workflow create',
  about: 'Have the steps that a file names done in the order in which they need each other.',
  details:
    'Each step is a job. What it prints behind $CLAW_RESULT is told to the steps that need it as CLAW_RESULT_NAME, and in their command and environment where {{steps.NAME.result}} stands.',
  positionals: { FILE: { about: 'workflow.yaml, workflow.toml or JSON; - is standard input' } },
  options: {
    name: { kind: 'text', value: 'NAME', about: 'Instead of the name of the file' },
    'dry-run': { kind: 'flag', about: 'Make nothing; show in which order the steps would be done' },
    wait: { kind: 'flag', about: 'Stay until it is over; ends with 1 when it has not completed' },
    ...namespaceOption,
  },
  examples: [
    'workflow create workflow.yaml',
    'workflow create workflow.toml --name nightly-2 --wait',
    'workflow create workflow.yaml --dry-run',
  ],

  async run({ FILE, wait, 'dry-run': isDry, ...said }, session) {
    const { out, signal } = session
    const { readWorkflow } = await import('../../work/workflow-file.ts')
    const request = await readWorkflow(FILE, said, session)
    if (isDry) {
      await showPlan(request, session)
      return undefined
    }
    const api = await session.api()
    const made = await api.call('workflow.create', request, signal)
    if (!wait) {
      await out.result(made, (view) => [`${view.name} (${view.workflowId}) ${view.state}, ${view.steps.length} steps`])
      return undefined
    }
    out.note(workflowProgress(made))
    const last = await followedWorkflow(made.workflowId, api, session)
    if (last !== null) await out.result(last, workflowLines)
    expectAllDone(last)
    return undefined
  },
})
