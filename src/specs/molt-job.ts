/** Work for strangers as a file: TOML, YAML or JSON. */
import type { z } from 'zod'
import { MoltJobRequest } from '../model/molt-job-request.ts'
import { checked } from './check.ts'
import type { SpecFormat } from './parse.ts'
import { treesOf } from './parse.ts'
import { specInvalid, SpecProblem } from './problem.ts'

/** Throws SPEC_INVALID with everything that is wrong, each with its place. */
export function parseMoltJob(text: string, path: string, format: SpecFormat): z.input<typeof MoltJobRequest> {
  try {
    const [tree, another] = treesOf(text, format)
    if (tree === undefined) throw new SpecProblem({ at: { line: 1, column: 1 }, text: 'there is nothing in it' })
    if (another !== undefined) throw new SpecProblem({ at: another.at, text: 'there is a second job in it' })
    return checked(MoltJobRequest, tree)
  } catch (error) {
    if (!(error instanceof SpecProblem)) throw error
    throw specInvalid(path, error.problems)
  }
}
