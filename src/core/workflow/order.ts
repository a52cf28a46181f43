/** Which steps come before which. */
import type { StepSpec } from '../../model/workflow.ts'

type Needing = Pick<StepSpec, 'name' | 'needs' | 'forEach'>

/** What a step waits for: what it needs, and whose result it goes through. */
export const needsOf = ({ needs, forEach }: Needing): readonly string[] =>
  forEach === null || needs.includes(forEach) ? needs : [...needs, forEach]

/** Steps that need each other in a circle, the first once more at its end; null when there is none. */
export function circleIn(steps: readonly Needing[]): readonly string[] | null {
  const byName = new Map(steps.map((step) => [step.name, step]))
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (done.has(name)) return null
    const step = byName.get(name)
    for (const need of step === undefined ? [] : needsOf(step)) {
      const circle = visit(need, [...path, name])
      if (circle !== null) return circle
    }
    done.add(name)
    return null
  }
  for (const { name } of steps) {
    const circle = visit(name, [])
    if (circle !== null) return circle
  }
  return null
}

/** All that come before a step, however far. There must be no circle. */
export function before<S extends Needing>(step: Needing, steps: readonly S[]): readonly S[] {
  const names = new Set<string>()
  const visit = (one: Needing): void => {
    for (const name of needsOf(one)) {
      const need = steps.find((other) => other.name === name)
      if (need === undefined || names.has(name)) continue
      names.add(name)
      visit(need)
    }
  }
  visit(step)
  return steps.filter(({ name }) => names.has(name))
}

/** Steps by how many there are before them on the longest way: those of one stage may run at the same time. There must be no circle. */
export function stagesOf<S extends Needing>(steps: readonly S[]): readonly (readonly S[])[] {
  const stages: S[][] = []
  const depths = new Map<string, number>()
  const depthOf = (step: Needing): number => {
    const known = depths.get(step.name)
    if (known !== undefined) return known
    const needs = steps.filter(({ name }) => needsOf(step).includes(name))
    const depth = Math.max(0, ...needs.map((need) => depthOf(need) + 1))
    depths.set(step.name, depth)
    return depth
  }
  for (const step of steps) (stages[depthOf(step)] ??= []).push(step)
  return stages
}
