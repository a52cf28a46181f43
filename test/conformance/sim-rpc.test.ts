import { nodeId } from '../../src/model/ids.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import { rpcConformance } from './rpc.ts'

rpcConformance('simulated', async () => {
  const world = new World(1)
  const network = simNetwork(world)
  const [a, b] = [network.host(nodeId('ada')), network.host(nodeId('bob'))]
  await world.runFor(1_000)
  const until = async (holds: () => boolean): Promise<void> => {
    for (const end = world.elapsed() + 60_000; !holds();) {
      if (world.elapsed() > end) throw new Error('what the test waits for does not come')
      await world.runFor(5)
    }
  }
  return {
    a,
    b,
    play: async (work) => {
      let isDone = false
      const end = (): void => void (isDone = true)
      work.then(end, end)
      await until(() => isDone)
      return work
    },
    until,
    cut: () => network.reset(a.id, b.id),
    close: () => Promise.resolve(),
  }
})
