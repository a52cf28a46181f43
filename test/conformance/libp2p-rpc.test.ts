import { TestNet, until } from '../support/net.ts'
import { rpcConformance } from './rpc.ts'

rpcConformance('libp2p', async () => {
  const net = new TestNet()
  const [a, b] = [await net.host(), await net.host()]
  const wire = await net.wireTo(b)
  await a.peers.connect(b.id, wire.addresses, AbortSignal.timeout(10_000))
  await until('both see each other', () => b.peers.up().includes(a.id))
  return {
    a,
    b,
    play: (work) => work,
    until: (holds) => until('what the test waits for', holds),
    cut: () => wire.cut(),
    close: () => net.stop(),
  }
})
