/** Peers that only work, and what they might say to decide all the same. */
import { expect, test } from 'vitest'
import { nodeId } from '../../../src/model/ids.ts'
import type { Message } from '../../../src/model/raft.ts'
import { raftMessage } from '../../../src/wire/raft.ts'
import { ConsensusGroup } from '../../support/consensus-group.ts'

const dan = nodeId('dan')
const others = ['ada', 'bob', 'cyd'].map(nodeId)

/** What somebody who follows would say to take the lead, or to have nobody lead. */
const pretences: readonly Message[] = [
  ...[{ type: 'append', term: 99, prev: { index: 0, term: 0 }, entries: [], commit: 0, round: 1 } as const],
  ...[{ type: 'vote', term: 99, last: { index: 99, term: 99 }, forced: true } as const],
  ...[{ type: 'append-reply', term: 99, ok: false, at: { index: 0, term: 0 }, rejected: 0, round: 0 } as Message],
  ...[{ type: 'take-over', term: 1 } as const],
]

test.each(pretences.map((message) => [message.type, message] as const))(
  'given one that only works, whatever it says with %s, then who leads goes on in the same term, and it follows',
  async (_, message) => {
    const group = new ConsensusGroup(11)
    await group.found('ada', 'bob', 'cyd')
    const leader = await group.untilLeader()
    group.workers.add(dan)
    const worker = await group.start(dan, [])
    leader.service.setLearners([dan])
    await group.commit('one')
    const { term } = leader.service.status()
    for (const to of others) group.network.host(dan).rpc.notify(to, raftMessage, message)
    await group.world.runFor(2_000)
    expect(leader.service.status()).toMatchObject({ role: 'leader', term })
    await group.commit('two')
    await group.world.runUntil(() => worker.machine.words.length === 2, 5_000)
  },
)
