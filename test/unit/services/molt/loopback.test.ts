import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import { withLoopback } from '../../../../src/services/molt/loopback.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { readHeads } from '../../../../src/wire/molt-witness.ts'
import { never } from '../../../support/molt/lab.ts'

const [one, two] = ['one', 'two'].map(nodeId) as [ReturnType<typeof nodeId>, ReturnType<typeof nodeId>]
const question = { epoch: '', after: 0 }

test('given a node that serves something, then it can ask itself as others ask it, until it does so no more', async () => {
  const world = new World(1)
  const net = simNetwork(world)
  const rpc = withLoopback(net.host(one).rpc, one)
  const stop = rpc.serve(readHeads, (_, from) => Promise.resolve({ epoch: from, heads: [], after: 0, isAll: true }))
  const other = net.host(two).rpc
  await world.runFor(1_000)
  const [own, others] = [rpc.call(one, readHeads, question, never), other.call(one, readHeads, question, never)]
  await world.runFor(1_000)
  expect([(await own).epoch, (await others).epoch]).toEqual(['one', 'two'])
  stop()
  await expect(rpc.call(one, readHeads, question, never)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})
