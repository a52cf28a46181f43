/** How a workflow reads before it is made. */
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'

type Plan = OutputOf<'workflow.validate'>

/** Throws what speaks against it. */
export async function showPlan(request: InputOf<'workflow.validate'>, { api, out, signal }: Session): Promise<void> {
  const plan = await (await api()).call('workflow.validate', request, signal)
  await out.result(plan, planLines)
}

function planLines({ name, namespace, stages, steps }: Plan): readonly string[] {
  const lines = stages.flatMap((stage, index) => [
    `stage ${index + 1}`,
    ...steps.filter((step) => stage.includes(step.name)).flatMap(stepLines),
  ])
  return [`${name} in ${namespace}: ${steps.length} steps in ${stages.length} stages`, ...lines]
}

function stepLines({ name, image, needs, when, forEach, completions, uses }: Plan['steps'][number]): readonly string[] {
  const after = needs.length === 0 ? '' : `  after ${needs.join(', ')}`
  const condition = when === 'success' ? '' : `  when ${when}`
  const times = forEach === null ? (completions === 1 ? '' : `  ${completions} times`) : `  for each of ${forEach}`
  return [
    `  ${name}  ${image}${after}${condition}${times}`,
    ...uses.map(({ place, text }) => `      ${place} = ${text}`),
  ]
}
