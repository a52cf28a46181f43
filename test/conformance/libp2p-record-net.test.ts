import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { RecordHosts } from '../support/molt/record-hosts.ts'
import { recordNetConformance } from './record-net.ts'

recordNetConformance('libp2p', async () => {
  const hosts = new RecordHosts()
  const all = await hosts.addMany(4)
  await hosts.settled(3)
  const issuer = newIdentity()
  return {
    nets: all.map(({ net }) => net),
    made: (sequence) => hosts.made(issuer, `${sequence}.0.0`, { sequence }),
    play: (work) => work,
    close: () => hosts.stop(),
  }
})
