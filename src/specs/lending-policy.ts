/** A policy for lending as a file: YAML, JSON or TOML. */
import type { z } from 'zod'
import { LendingPolicy } from '../model/molt-policy.ts'
import { checked } from './check.ts'
import type { SpecFormat } from './parse.ts'
import { treesOf } from './parse.ts'
import { specInvalid, SpecProblem } from './problem.ts'

/** Throws SPEC_INVALID with everything that is wrong, each with its place. An empty file is a policy that says nothing. */
export function parseLendingPolicy(text: string, path: string, format: SpecFormat): z.input<typeof LendingPolicy> {
  try {
    const [tree, another] = treesOf(text, format)
    if (tree === undefined) return {}
    if (another !== undefined) throw new SpecProblem({ at: another.at, text: 'there is a second policy in it' })
    return checked(LendingPolicy, tree)
  } catch (error) {
    if (!(error instanceof SpecProblem)) throw error
    throw specInvalid(path, error.problems)
  }
}
