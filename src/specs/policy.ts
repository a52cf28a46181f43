/** A policy as a file: the request of policy.create, as YAML, JSON or TOML. */
import { PolicyRequest } from '../operations/policy/policy.ts'
import type { z } from 'zod'
import { checked } from './check.ts'
import type { SpecFormat } from './parse.ts'
import { treesOf } from './parse.ts'
import { specInvalid, SpecProblem } from './problem.ts'

/** Throws SPEC_INVALID with everything that is wrong, each with its place. */
export function parsePolicy(text: string, path: string, format: SpecFormat): z.input<typeof PolicyRequest> {
  try {
    const [tree, another] = treesOf(text, format)
    const start = { line: 1, column: 1 }
    if (tree === undefined) throw new SpecProblem({ at: start, text: 'it says nothing' })
    if (another !== undefined) throw new SpecProblem({ at: another.at, text: 'there is a second policy in it' })
    return checked(PolicyRequest, tree)
  } catch (error) {
    if (!(error instanceof SpecProblem)) throw error
    throw specInvalid(path, error.problems)
  }
}
