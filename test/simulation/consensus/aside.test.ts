/** What becomes of a state that is sent to a peer which can take part no more. */
import { expect, test } from 'vitest'
import { crc32c } from '../../../src/lib/crc32.ts'
import type { Slices } from '../../../src/lib/slices.ts'
import { nodeId } from '../../../src/model/ids.ts'
import { raftSnapshot } from '../../../src/wire/raft.ts'
import { ConsensusGroup, word } from '../../support/consensus-group.ts'

const [ada, bob] = [nodeId('ada'), nodeId('bob')]
const never = new AbortController().signal

test('who sends a state to a peer whose disk takes no more hears so at once, and not after its patience', async () => {
  const group = new ConsensusGroup(21)
  await group.found('ada')
  const disk = group.disks.get(ada)
  if (disk === undefined) throw new Error('there is no disk')
  disk.capacity = disk.used
  const { rpc, peers } = group.network.host(bob)
  await group.settled(peers.connect(ada, ['/memory/ada/p2p/ada'], never))
  const data = word(JSON.stringify(['one', 'x'.repeat(1_000)]))
  const chunk = {
    ...{
      term: 9,
      at: { index: 50, term: 9 },
      voters: [bob],
      size: data.length,
      checksum: crc32c(data),
      offset: 0,
      data,
    },
  }
  const since = group.world.now()
  const told = await group.settled(rpc.call(ada, raftSnapshot, chunk, never).catch((error: unknown) => error))
  expect(told).toEqual({ wanted: data.length })
  expect(group.world.now() - since).toBeLessThan(5_000)
})

function* noWords(): Slices<void, Uint8Array> {
  yield
  return word('[]')
}

test('who asks a peer for a new era while its disk fills up hears that it takes no part', async () => {
  const group = new ConsensusGroup(22)
  const [peer] = await group.found('ada')
  const disk = group.disks.get(ada)
  if (disk === undefined || peer === undefined) throw new Error('there is no disk')
  const { service, id } = peer
  disk.capacity = disk.used
  const failed = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)
  const proposed = failed(service.propose(word('x'.repeat(1_000))))
  // The turn that writes it is under way: the era is for the next.
  const asked = { leap: 1, voters: [id], withUncommitted: true, data: noWords }
  const told = await group.settled(Promise.all([proposed, failed(service.beginEra(asked))]))
  const refusal = { code: 'NO_LEADER', facts: { detail: 'the disk of the leader is full' } }
  expect(told).toMatchObject([refusal, refusal])
})
