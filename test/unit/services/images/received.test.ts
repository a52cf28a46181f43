/** An image that somebody outside the mesh sends to a node with a store in memory. */
import { expect, test } from 'vitest'
import { decodeBook } from '../../../../src/core/images/book.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import { ImageService } from '../../../../src/services/images/image-service.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { seededRandom, World } from '../../../../src/simulation/world.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { idOf, MemoryImages } from '../../../support/memory-images.ts'

const never = new AbortController().signal
const bytes = new Uint8Array(2_000).fill(7)
const id = idOf(bytes)
const reference = `docker.io/team/app@${id}`

async function* sent(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content)
}

async function host() {
  const world = new World(5)
  const disk = new SimDisk({ random: seededRandom(5) })
  const store = new MemoryImages()
  const { rpc, clock } = simNetwork(world).host(nodeId('ada'))
  const begun = async (): Promise<ImageService> => {
    const images = new ImageService(
      {
        ...{ store, rpc, clock, random: world, log: silent, disk, metrics: new FakeMetrics() },
        ...{ candidates: () => [], nameOf: (node) => node, wanted: () => [] },
      },
      { share: false, transfers: 2, bytesPerSecond: 0, mostBytes: 1_000_000 },
    )
    await images.start()
    return images
  }
  const receive = (images: ImageService, content = bytes): Promise<void> =>
    images.receive(reference, { content: sent(content), mostBytes: 1_000_000 }, never)
  const booked = async (): Promise<readonly string[]> => {
    const book = await disk.readBlob('images')
    return [...((book === null ? null : decodeBook(book))?.keys() ?? [])]
  }
  return { store, begun, receive, booked, images: await begun() }
}

test('given a daemon that is killed once the engine has the image, when its lease ends, then the image goes', async () => {
  const { store, begun, receive, images } = await host()
  const load = store.import.bind(store)
  store.import = async (...asked) => {
    await load(...asked)
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'nobody hears its answer any more' })
  }
  await expect(receive(images)).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' })
  const later = await begun()
  expect((await later.list(never)).map((one) => one.id)).toEqual([id])
  await later.forgetReceived(reference, never)
  expect(await later.list(never)).toEqual([])
})

test('given an image that was not what was said, when its lease ends, then nothing is written of it any more', async () => {
  const { receive, booked, images } = await host()
  await expect(receive(images, new Uint8Array(3))).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' })
  expect(await booked()).toEqual([id])
  await images.forgetReceived(reference, never)
  await images.stop()
  expect(await booked()).toEqual([])
})

test('given an image of its owner, when a lease that named it ends, then it stays', async () => {
  const { store, images } = await host()
  store.put('team/app:1', bytes)
  await images.forgetReceived(reference, never)
  expect((await images.list(never)).map((one) => one.id)).toEqual([id])
})
