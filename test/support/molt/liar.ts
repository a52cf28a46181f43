/** A witness that signs whatever helps whoever asks, and tells of what never was. */
import type { Network } from '../../../src/core/molt/network.ts'
import { sign } from '../../../src/core/molt/signing.ts'
import { originOf, voteText } from '../../../src/core/molt/spend.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import type { Certificate, Order } from '../../../src/model/molt-line.ts'
import type { Rpc } from '../../../src/ports/rpc.ts'
import { simSigner } from '../../../src/simulation/signer.ts'
import * as wire from '../../../src/wire/molt-witness.ts'

export function lie(id: NodeId, { id: network }: Network, rpc: Pick<Rpc, 'serve'>): void {
  const signer = simSigner(id)
  const vote = (order: Order, phase: Certificate['phase'], round: number): wire.VoteAnswer => ({
    type: 'vote',
    vote: { witness: id, signature: sign(signer, { kind: 'vote', network, value: voteText(order, phase, round) }) },
  })
  const digest = 'f'.repeat(32)
  rpc.serve(wire.readAccount, ({ account }) =>
    Promise.resolve({
      ...{ balance: 999_999n, sequence: 0, head: originOf(account), last: null, round: 1_000_000 },
      ...{ statement: null, voted: null, received: { count: 7, digest } },
    }),
  )
  rpc.serve(wire.readLines, () => Promise.resolve({ lines: [], count: 7 }))
  rpc.serve(wire.voteForPay, ({ order }) => Promise.resolve(vote(order, 'pay', 0)))
  rpc.serve(wire.settleLines, ({ lines }) => Promise.resolve({ settled: lines.length, refusal: null, sequence: 99 }))
  rpc.serve(wire.prepareClosing, ({ order, round }) => Promise.resolve(vote(order, 'prepare', round)))
  rpc.serve(wire.commitClosing, ({ prepared }) => Promise.resolve(vote(prepared.order, 'commit', prepared.round)))
  rpc.serve(wire.openRound, ({ opening: { account, sequence, round } }) => {
    const statement = { account, sequence, round, lock: null }
    const signature = sign(signer, { kind: 'statement', network, value: statement })
    return Promise.resolve({ type: 'opened', statement: { witness: id, statement, signature }, lock: null })
  })
  rpc.serve(wire.readHeads, ({ after }) =>
    Promise.resolve({ epoch: 'lies', heads: [{ account: 'nobody', sequence: 50 }], after: after + 1, isAll: false }),
  )
}
