/** Where steps say that they want to be told of others, and why they may not. */
import { ClawError } from '../../model/failure.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { StepSpec } from '../../model/workflow.ts'
import { isSecretive } from '../vault/names.ts'
import { before } from './order.ts'
import type { Reference, Told } from './templates.ts'
import { filled, hasTemplate, referencesIn } from './templates.ts'

/** A word of the command or a variable of a step, and the text that stands there. */
export interface Place {
  /** `command[2]` or `env.MODEL`. */
  readonly place: string
  readonly text: string
}

type Words = Pick<WorkloadSpec, 'command' | 'env'>

/** Where results may be put. */
const placesOf = ({ command, env }: Words): readonly Place[] => [
  ...command.map((text, index) => ({ place: `command[${index}]`, text })),
  ...Object.entries(env).map(([name, text]) => ({ place: `env.${name}`, text })),
]

/** Those of them that name what others have come to. */
export const templatesIn = (spec: Words): readonly Place[] => placesOf(spec).filter(({ text }) => hasTemplate(text))

/** What stands at that place of a spec. */
export const textAt = (spec: Words, place: string): string | undefined =>
  placesOf(spec).find((one) => one.place === place)?.text

/** With all that is named in its place. Throws WORKFLOW_VALUE_MISSING. */
export const withValues = <S extends Words>(spec: S, steps: readonly Told[]): S => ({
  ...spec,
  command: spec.command.map((text) => filled(text, steps)),
  env: Object.fromEntries(Object.entries(spec.env).map(([name, text]) => [name, filled(text, steps)])),
})

export interface UseProblem {
  readonly step: string
  readonly place: string
  readonly problem: string
}

/** The first thing that a step of these names and may not; null when there is none. */
export function problemOfUses(steps: readonly StepSpec[]): UseProblem | null {
  for (const step of steps) {
    const found = problemOf(step, steps)
    if (found !== null) return { step: step.name, ...found }
  }
  return null
}

type Problem = Omit<UseProblem, 'step'>

function problemOf(step: StepSpec, steps: readonly StepSpec[]): Problem | null {
  const { command, env, ...rest } = step.spec
  if (hasTemplate(JSON.stringify([rest, step.job.items])))
    return { place: 'it', problem: 'results are told in the command and the environment only' }
  const earlier = new Set(before(step, steps).map(({ name }) => name))
  for (const { place, text } of templatesIn({ command, env })) {
    const problem = problemAt({ place, text }, step, { earlier, steps })
    if (problem !== null) return { place, problem }
  }
  return null
}

interface Around {
  readonly earlier: ReadonlySet<string>
  readonly steps: readonly StepSpec[]
}

function problemAt({ place, text }: Place, step: StepSpec, { earlier, steps }: Around): string | null {
  const references = referencesOrProblem(text)
  if (typeof references === 'string') return references
  const stranger = references.find(({ step: name }) => !earlier.has(name))
  if (stranger !== undefined)
    return steps.some(({ name }) => name === stranger.step)
      ? `${stranger.step} does not come before it: add it to its needs`
      : `{{${stranger.text}}} names none of the steps`
  const variable = place.startsWith('env.') ? place.slice(4) : null
  if (variable !== null) return wouldBeSealed(variable, step.spec) ? sealedInWords(variable) : null
  return isProgramText(step.spec, Number(/\d+/.exec(place)?.[0])) ? programInWords(references) : null
}

function referencesOrProblem(text: string): readonly Reference[] | string {
  try {
    return referencesIn(text)
  } catch (error) {
    if (!ClawError.is(error, 'INVALID_REQUEST')) throw error
    return error.facts.problem
  }
}

const wouldBeSealed = (variable: string, { plainEnv = [] }: WorkloadSpec): boolean =>
  isSecretive(variable) && !plainEnv.includes('*') && !plainEnv.includes(variable)

const sealedInWords = (variable: string): string =>
  `a variable called ${variable} is kept as a secret, and a result is none: give it another name, or list it in envPlain`

const interpreters =
  /^(?:.*\/)?(?:(?:ba|da|a|z|k|mk|c|tc|fi|r)?sh|python[\d.]*|pypy[\d.]*|perl|ruby|node|nodejs|bun|deno|php|lua|Rscript|pwsh|powershell|su)$/
/** All that is said to these may be read as a program. */
const readers = /^(?:.*\/)?(?:eval|ssh|g?awk|mawk|sed|xargs)$/
const takesProgram = /^(?:-[A-Za-z]*[cerp][A-Za-z]*|--(?:eval|command|exec|print))$/

/** Is this word read as a program by an interpreter? What stands in a program is no data any more. */
function isProgramText({ entrypoint = [], command, image, executor }: WorkloadSpec, index: number): boolean {
  const earlier = [...entrypoint, ...command].slice(0, entrypoint.length + index)
  const isProcess = image === 'host' || executor === 'process'
  if (earlier.some((word) => readers.test(word)) || (earlier.length === 0 && isProcess)) return true
  // Without a program of its own the image has one, which nobody knows here.
  const isInterpreted = earlier.some((word) => interpreters.test(word)) || earlier.every((word) => word.startsWith('-'))
  const option = earlier.findLastIndex((word) => takesProgram.test(word))
  return isInterpreted && option >= 0 && earlier.slice(option).every((word) => word.startsWith('-'))
}

function programInWords(references: readonly Reference[]): string {
  const [first] = references
  const variable = `$CLAW_RESULT_${(first?.step ?? 'NAME').toUpperCase().replaceAll('-', '_')}`
  return `a result in a program would be run as a part of it: use "${variable}" there, a variable of its own, or a word behind the program ("$1")`
}
