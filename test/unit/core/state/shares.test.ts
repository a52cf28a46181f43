/** Shares of a GPU in the replicated state: what is refused, and what they count as. */
import { describe, expect, test } from 'vitest'
import { spendingOf } from '../../../../src/core/state/namespaces.ts'
import { sizeOf } from '../../../../src/core/state/namespaces.ts'
import { groupId, workloadId } from '../../../../src/model/ids.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, gpu, inventory, meshOf, refusal, spec, submit } from '../../../support/control-samples.ts'

const device = (index: number): string => `GPU-${ada}-${index}`
const share = (mib: number, parts: Record<string, unknown> = {}) => ({ gpus: { count: 1, share: mib }, ...parts })

function sharingMesh(gpus = 2): Book {
  const book = meshOf([ada], gpus)
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, gpus, { sharing: true }) })
  return book
}

/** Submits it and places it there; the code of the refusal, or null. */
function put(book: Book, name: string, wanted: Record<string, unknown>, index = 0): string | null {
  book.run(submit(name, wanted))
  const place = { workload: workloadId(name), attempt: 1, node: ada, devices: [device(index)] }
  return refusal(book.run({ type: 'place', ...place, executor: 'docker' }))
}

describe('a share', () => {
  test('given enough memory, then several are placed on one device, and no more than that', () => {
    const book = sharingMesh()
    expect(put(book, 'a', share(40_000))).toBe(null)
    expect(put(book, 'b', share(41_559))).toBe(null)
    expect(put(book, 'c', share(1))).toBe('DEVICE_BUSY')
    expect(put(book, 'd', share(1), 1)).toBe(null)
  })

  test('given a whole holder, then it is refused, and the other way round until all shares are gone', () => {
    const book = sharingMesh()
    expect(put(book, 'whole', { gpus: { count: 1 } })).toBe(null)
    expect(put(book, 'a', share(1))).toBe('DEVICE_BUSY')
    expect(put(book, 'b', share(1), 1)).toBe(null)
    expect(put(book, 'c', share(1), 1)).toBe(null)
    const place = { workload: workloadId('late'), attempt: 1, node: ada, devices: [device(1)] }
    const late = (): string | null => refusal(book.run({ type: 'place', ...place, executor: 'docker' }))
    book.run(submit('late', { gpus: { count: 1 } }))
    for (const name of ['b', 'c']) {
      expect(late()).toBe('DEVICE_BUSY')
      book.run({
        type: 'reject',
        placement: book.state.workloads.get(workloadId(name))?.placement?.id ?? never(),
        node: ada,
        reason: 'x',
      })
    }
    expect(late()).toBe(null)
  })

  test('given a node that shares no GPUs, or no longer, then it is refused, and what runs stays', () => {
    const book = sharingMesh()
    expect(put(book, 'a', share(1))).toBe(null)
    book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2) })
    expect(put(book, 'b', share(1))).toBe('INVALID_REQUEST')
    expect(put(book, 'whole', { gpus: { count: 1 } })).toBe('DEVICE_BUSY')
    expect(book.state.shares.get(device(0))?.size).toBe(1)
  })

  test('of a MIG instance is refused', () => {
    const book = meshOf([ada], 1)
    const gpus = [gpu(ada, 0, { mig: { profile: '1g.10gb', parent: 'GPU-x' } })]
    book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 1, { sharing: true, gpus }) })
    expect(put(book, 'a', share(1))).toBe('INVALID_REQUEST')
  })

  test('is refused together with a MIG profile, and without a device', () => {
    expect(() => spec({ gpus: { count: 1, share: 1, mig: '1g.10gb' } })).toThrow('a MIG instance is not shared')
    expect(() => spec({ gpus: { share: 1 } })).toThrow('a share needs a GPU')
    expect(spec({ gpus: { devices: [0], share: 1 } }).gpus.share).toBe(1)
  })
})

describe('a gang', () => {
  const placed = (book: Book, ...devices: readonly number[]): string | null => {
    book.run(submit('wl-g', share(30_000, { parts: { count: devices.length, gang: true } })))
    const places = devices.map((index) => ({ node: ada, devices: [device(index)], executor: 'docker' as const }))
    return refusal(book.run({ type: 'place-gang', group: groupId('wl-g'), attempt: 1, places }))
  }

  test('has shares of different devices, beside those of others', () => {
    const book = sharingMesh()
    expect(put(book, 'a', share(50_000))).toBe(null)
    expect(placed(book, 0, 1)).toBe(null)
    expect(placed(sharingMesh(), 0, 0)).toBe('DEVICE_BUSY')
  })

  test('is refused as a whole when one of its devices has too little left', () => {
    const book = sharingMesh()
    expect(put(book, 'a', share(60_000), 1)).toBe(null)
    expect(placed(book, 0, 1)).toBe('DEVICE_BUSY')
    expect(book.state.shares.size).toBe(1)
  })
})

describe('a share counts', () => {
  test('as what it is of 80 GiB, in thousandths, and never as more than its device', () => {
    expect(sizeOf(spec(share(8_192)))).toBe(100)
    expect(sizeOf(spec(share(1)))).toBe(1)
    expect(sizeOf(spec(share(150_000)))).toBe(1_000)
    expect(sizeOf(spec({ gpus: { count: 2, share: 8_192 } }))).toBe(200)
  })

  test('towards the quota of its namespace', () => {
    const book = sharingMesh()
    const quota = { ...noQuota, gpus: 1 }
    book.run({ type: 'create-namespace', name: 'team', quota, weight: 1, borrow: false })
    expect(put(book, 'a', share(40_960, { namespace: 'team' }))).toBe(null)
    expect(put(book, 'b', share(32_768, { namespace: 'team' }))).toBe(null)
    expect(spendingOf(book.state, 'team').gpuMillis).toBe(900)
    expect(put(book, 'c', share(8_200, { namespace: 'team' }), 1)).toBe('QUOTA_EXCEEDED')
    expect(put(book, 'd', share(8_192, { namespace: 'team' }), 1)).toBe(null)
  })
})

function never(): never {
  throw new Error('it has no placement')
}
