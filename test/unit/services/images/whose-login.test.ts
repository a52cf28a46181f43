import { expect, test } from 'vitest'
import { ownImages } from '../../../../src/adapters/docker/own-images.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { ImageSupply } from '../../../../src/ports/images.ts'
import { silent } from '../../../../src/ports/log.ts'
import { ImageService } from '../../../../src/services/images/image-service.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { World } from '../../../../src/simulation/world.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { MemoryImages } from '../../../support/memory-images.ts'

const never = new AbortController().signal

async function service(store: MemoryImages): Promise<ImageSupply> {
  const world = new World(1)
  const { rpc, clock } = simNetwork(world).host(nodeId('ada'))
  const images = new ImageService(
    {
      ...{ store, rpc, clock, random: world, log: silent, metrics: new FakeMetrics() },
      ...{ disk: new SimDisk({ random: world }), candidates: () => [], nameOf: (node) => node, wanted: () => [] },
    },
    { share: false, transfers: 1, bytesPerSecond: 0, mostBytes: 1_000_000 },
  )
  await images.start()
  return images
}

const supplies = [
  ['a node', service],
  ['an engine by itself', (store: MemoryImages) => Promise.resolve(ownImages(store))],
] as const

test.each(supplies)(
  'given %s, when an image is for nobody of its own, then no registry is shown its login',
  async (_, of) => {
    const content = (fill: number): Uint8Array => new Uint8Array(2_000).fill(fill)
    const store = new MemoryImages(
      new Map([
        ['docker.io/team/guest:1', content(1)],
        ['docker.io/team/own:1', content(2)],
      ]),
    )
    const supply = await of(store)
    await supply.obtain({ image: 'team/guest:1', pull: 'missing', as: 'nobody' }, () => {}, never)
    await supply.obtain({ image: 'team/own:1', pull: 'missing' }, () => {}, never)
    expect(store.pulledAs).toEqual(['nobody', 'owner'])
  },
)
