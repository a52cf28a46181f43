import { expect, test } from 'vitest'
import { ClawError } from '../../../../../src/model/failure.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { silent } from '../../../../../src/ports/log.ts'
import { type BuyingDeps, BuyingService } from '../../../../../src/services/molt/buying/buying.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { wish, work } from '../../../../support/molt/buyers-market.ts'
import { play } from '../../../../support/play.ts'

const never = new AbortController().signal

/** A disk that has no room for what jobs run. */
class NarrowDisk extends SimDisk {
  readonly refused: string[] = []

  override writeBlob(...[name, content]: Parameters<SimDisk['writeBlob']>): Promise<void> {
    if (!name.startsWith('molt-job-')) return super.writeBlob(name, content)
    this.refused.push(name.slice('molt-job-'.length))
    return Promise.reject(new ClawError('DISK_FULL', { path: name }))
  }
}

/** One who buys, and to whom an archive was sent that is to go with a job. */
async function buyerWithInput(world: World, disk: SimDisk) {
  const files = new Set<string>()
  const copies = {
    async write(name: string, content: AsyncIterable<Uint8Array>) {
      let bytes = 0
      for await (const chunk of content) bytes += chunk.length
      files.add(name)
      return { bytes, sha256: 'a'.repeat(64) }
    },
    remove: (name: string) => Promise.resolve(void files.delete(name)),
  }
  const own = { network: { id: 'n' }, signer: { id: nodeId('ada') }, clock: world, random: world, log: silent }
  const service = new BuyingService({ ...own, disk, copies } as unknown as BuyingDeps)
  await play(world, service.start())
  await play(world, service.inputs.uploads.put('a', 0, new Uint8Array(3), never))
  await play(world, service.inputs.uploads.finish('a'))
  expect([...files]).toEqual(['input-a'])
  return { service, files }
}

const request = { name: 'train', wish: wish(), work, inputs: ['a'], by: 'user:ada', reExecution: { budget: 10n } }

test('given a job that cannot be put down, then neither its archives nor its check are kept for it', async () => {
  const world = new World(1)
  const disk = new NarrowDisk({ random: world, clock: world, latency: 1 })
  const { service, files } = await buyerWithInput(world, disk)
  await expect(play(world, service.submit(request))).rejects.toMatchObject({ code: 'DISK_FULL' })
  const [id = ''] = disk.refused
  expect([...files]).toEqual([])
  expect(service.checkOf({ id })).toBeNull()
  expect(service.jobs()).toEqual([])
  await play(world, service.stop())
})

test('given a yes to bids that are not known any more, then no job runs at what others ask, and what was sent for it is there for the next', async () => {
  const world = new World(1)
  const { service, files } = await buyerWithInput(world, new SimDisk({ random: world, clock: world, latency: 1 }))
  const submitted = play(world, service.submit({ ...request, quote: 'forgotten' }))
  await expect(submitted).rejects.toMatchObject({ code: 'MOLT_QUOTE_GONE' })
  expect(service.jobs()).toEqual([])
  expect([...files]).toEqual(['input-a'])
  expect(service.inputs.find('a').bytes).toBe(3)
  await play(world, service.stop())
})
