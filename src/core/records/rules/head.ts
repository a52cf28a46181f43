/** How far an account has come, by a quorum of witnesses. Hashes and keys: what was paid to whom stays with those who were paid. */
import { z } from 'zod'
import { Hash } from '../../../model/molt-agreement.ts'
import { Vote } from '../../../model/molt-line.ts'
import { isVoted } from '../../molt/spend.ts'
import { ruleOf } from './rule.ts'

export const HeadPayload = z.strictObject({
  sequence: z.int().min(1),
  /** The hash of the line with that number, and of the line before it. */
  head: Hash,
  previous: Hash,
  votes: z.array(Vote).min(1).max(100),
})
export type HeadPayload = z.infer<typeof HeadPayload>

export const headRule = ruleOf({
  payload: HeadPayload,
  problem({ sequence, head, previous, votes }, { issuer, id }, { network, verifier, headOf }) {
    if (issuer !== id) return 'issuer'
    const known = headOf(id)
    if (known?.sequence === sequence - 1 && known.head !== previous) return 'rule'
    const text = { account: id, sequence, hash: head, phase: 'pay', round: 0 } as const
    return isVoted(text, votes, { network, verifier }) ? null : 'rule'
  },
  rank: ({ sequence }) => [BigInt(sequence)],
})
