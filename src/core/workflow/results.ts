/** How what a step has handed on is given to those after it. */
import type { Job } from '../../model/job.ts'
import { mostParallel } from '../../model/job.ts'
import type { WorkflowStep } from '../../model/workflow.ts'

/** Of one run its result, of several a JSON list by their indexes, with null for those that have none. Null when there is nothing. */
export function resultOf({ results, completions }: Pick<Job, 'results' | 'completions'>): string | null {
  if (results.length === 0) return null
  if (completions === 1) return results[0]?.[1] ?? null
  const byIndex = new Map(results)
  return JSON.stringify(Array.from({ length: completions }, (_, index) => byIndex.get(index) ?? null))
}

/** `CLAW_RESULT_FETCH_DATA` for `fetch-data`. */
export const resultVariable = (step: string): string => `CLAW_RESULT_${step.toUpperCase().replaceAll('-', '_')}`

/** What the steps before have handed on, as environment variables. */
export const resultEnvironment = (
  steps: readonly Pick<WorkflowStep, 'name' | 'result'>[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(steps.flatMap(({ name, result }) => (result === null ? [] : [[resultVariable(name), result]])))

const longestItem = 1_024

/** The elements of a JSON list, or the lines that are not empty. Throws nothing: what is no list is lines. Null when it is too much. */
export function itemsIn(result: string | null): readonly string[] | null {
  const items = listIn(result ?? '') ?? (result ?? '').split('\n').filter((line) => line.trim() !== '')
  return items.length > mostParallel || items.some((item) => item.length > longestItem) ? null : items
}

function listIn(text: string): readonly string[] | null {
  if (!text.trimStart().startsWith('[')) return null
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) : null
  } catch {
    return null
  }
}
