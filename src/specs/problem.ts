/** What is wrong with a file, and where. */
import { ClawError } from '../model/failure.ts'
import type { Place } from './tree.ts'

export interface Problem {
  readonly at: Place
  readonly text: string
}

/** Stops a parser at its first problem; `parseSpecs` and `checkSpecs` say which file it was. */
export class SpecProblem extends Error {
  override readonly name = 'SpecProblem'
  readonly problems: readonly Problem[]

  constructor(...problems: readonly Problem[]) {
    super(problems[0]?.text ?? 'it is not valid')
    this.problems = problems
  }
}

/** Most problems that are told of one file. */
const mostTold = 20

/** `web.yaml:3:9: there is no imgae`. */
export const inWords = (file: string, { at, text }: Problem): string => `${file}:${at.line}:${at.column}: ${text}`

export function specInvalid(file: string, problems: readonly Problem[]): ClawError {
  const sorted = problems.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
  const told = sorted.slice(0, mostTold).map((problem) => inWords(file, problem))
  const more = sorted.length - told.length
  const problem = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
  return new ClawError('SPEC_INVALID', { problem, problems: told })
}
