/** What a node has found out itself about those who lend to it. */
import { z } from 'zod'
import { findingKinds } from '../../core/molt/market/findings.ts'
import { verifications } from '../../model/molt-hardware.ts'
import { iso, time } from '../fields.ts'
import { unary } from '../operation.ts'
import { atBuyer, buyer } from './molt-buying.ts'

export const moltFindings = unary({
  name: 'molt.findings',
  about: 'Show what a node has found out itself about providers, and how sure it is of each because of that.',
  input: z.strictObject({
    provider: z.string().min(1).max(128).optional().describe('Only of this one'),
    node: buyer,
  }),
  output: z.array(
    z.object({
      provider: z.string(),
      at: time,
      kind: z.enum(findingKinds),
      job: z.string().describe('Which has shown it'),
      about: z.string().describe('In words'),
      verification: z.enum(verifications).describe('How sure the node is of this provider now'),
    }),
  ),
  permission: { verb: 'read', resource: 'molt' },
  rest: { method: 'GET', path: '/api/molt/findings' },
  where: atBuyer,
  handler({ provider: wanted }, { buying }) {
    const view = buying.view()
    const shown = view.findings().filter(({ provider }) => wanted === undefined || provider === wanted)
    return Promise.resolve(
      shown.toReversed().map(({ at, provider, ...finding }) => ({
        ...{ ...finding, provider, at: iso(at), verification: view.verificationOf(provider) },
      })),
    )
  },
})
