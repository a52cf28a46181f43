import { command } from '../../line/command.ts'
import { namespaceOption } from '../../work/timed.ts'
import { showPlan } from '../../work/workflow-plan.ts'

export default command({
  name: 'workflow validate',
  about: 'Check a workflow, and show in which order its steps would be done and what each would be told.',
  positionals: { FILE: { about: 'workflow.yaml, workflow.toml or JSON; - is standard input' } },
  options: { ...namespaceOption },
  examples: ['workflow validate workflow.yaml', 'workflow validate workflow.toml -o json'],

  async run({ FILE, ...where }, session) {
    const { readWorkflow } = await import('../../work/workflow-file.ts')
    await showPlan(await readWorkflow(FILE, { ...where, name: undefined }, session), session)
    return undefined
  },
})
