import { nodeId } from '../../src/model/ids.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import { rpcConformance } from './rpc.ts'

rpcConformance('simulated', async () => {
  const world = new World(7)
  const network = simNetwork(world)
  const [a, b] = [network.host(nodeId('ada')), network.host(nodeId('bob'))]
  await world.runUntil(() => a.peers.up().includes(b.id), 10_000)
  return {
    a,
    b,
    async play(work) {
      let settled = false
      const done = (): void => void (settled = true)
      work.then(done, done)
      await world.runUntil(() => settled, 60_000)
      return work
    },
    until: (holds) => world.runUntil(holds, 60_000),
    cut: () => network.reset(a.id, b.id),
    close: () => Promise.resolve(),
  }
})
