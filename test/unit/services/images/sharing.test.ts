import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import { Sharing } from '../../../../src/services/images/sharing.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { MemoryImages } from '../../../support/memory-images.ts'

test('a name is no id: nobody is given an image by it', async () => {
  const store = new MemoryImages()
  store.put('team/app:1', new Uint8Array(10))
  const { clock } = simNetwork(new World(1)).host(nodeId('ada'))
  const sharing = new Sharing({ store, clock, metrics: new FakeMetrics() }, { transfers: 1, bytesPerSecond: 0 })
  const pieces = sharing.give('team/app:1', new AbortController().signal)[Symbol.asyncIterator]()
  await expect(pieces.next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})
