import { nodeId } from '../../src/model/ids.ts'
import { simSigner } from '../../src/simulation/signer.ts'
import { RecordMesh } from '../support/molt/record-mesh.ts'
import { made, nodeValue } from '../support/molt/records.ts'
import { recordNetConformance } from './record-net.ts'

recordNetConformance('simulated', async () => {
  const mesh = new RecordMesh()
  const nodes = await mesh.addAll('ada', 'bob', 'cyd', 'dan')
  const by = simSigner(nodeId('eve'))
  return {
    nets: nodes.map(({ net }) => net),
    made: (sequence) => made({ by, sequence, value: nodeValue(`${sequence}.0.0`) }),
    play: (work) => mesh.play(work),
    close: () => Promise.resolve(),
  }
})
