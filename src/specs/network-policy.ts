/** A network policy as a file: the request of networkpolicy.create, as YAML, JSON or TOML. */
import type { z } from 'zod'
import { NetworkPolicyRequest } from '../operations/network/network-policy-view.ts'
import { checked } from './check.ts'
import type { SpecFormat } from './parse.ts'
import { treesOf } from './parse.ts'
import { specInvalid, SpecProblem } from './problem.ts'

/** The name may be said elsewhere. */
const FileRequest = NetworkPolicyRequest.partial({ name: true })

/** What people bring along from Kubernetes. */
const refusals = [
  { path: 'spec', why: 'is not needed here: what is in it stands at the top' },
  { path: 'podSelector', why: 'is called select here, with deployment and labels in it' },
  { path: 'policyTypes', why: 'is not needed here: what names ingress is for ingress, what names egress for egress' },
]

/** Throws SPEC_INVALID with everything that is wrong, each with its place. */
export function parseNetworkPolicy(text: string, path: string, format: SpecFormat): z.input<typeof FileRequest> {
  try {
    const [tree, another] = treesOf(text, format)
    const start = { line: 1, column: 1 }
    if (tree === undefined) throw new SpecProblem({ at: start, text: 'it says nothing' })
    if (another !== undefined) throw new SpecProblem({ at: another.at, text: 'there is a second network policy in it' })
    return checked(FileRequest, tree, { refusals })
  } catch (error) {
    if (!(error instanceof SpecProblem)) throw error
    throw specInvalid(path, error.problems)
  }
}
