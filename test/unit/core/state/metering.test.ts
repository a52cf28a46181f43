import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { billFor, takenBy, totalOf } from '../../../../src/core/policy/bill.ts'
import { meteredDay } from '../../../../src/core/state/metering.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { noPrices, priceOfGpu } from '../../../../src/model/prices.ts'
import { rangeText } from '../../../../src/model/version.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, gpu, inventory, meshOf, submit } from '../../../support/control-samples.ts'

const hour = 3_600_000
const models = ['NVIDIA H100 80GB HBM3', 'NVIDIA A100-SXM4-80GB']

function mesh(): Book {
  const book = meshOf([ada])
  const gpus = models.map((model, index) => gpu(ada, index, { model }))
  const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2, { versions, gpus }) })
  book.run({ type: 'raise-version', version: 2 })
  return book
}

/** Runs from one moment to another; without an end it goes on. */
function work(
  book: Book,
  id: string,
  [from, to]: readonly [number, number | null],
  parts: Record<string, unknown>,
): void {
  const devices = Array.from(
    { length: (parts['gpus'] as { count: number } | undefined)?.count ?? 0 },
    (_, i) => `GPU-ada-${i}`,
  )
  const placement = placementId(workloadId(id), 1)
  book.run(submit(id, parts), { at: from })
  book.run(
    { type: 'place', workload: workloadId(id), attempt: 1, node: ada, devices, executor: 'docker' },
    { at: from },
  )
  book.run({ type: 'claim', placement, node: ada }, { at: from })
  book.run({ type: 'report-running', placement, node: ada, startedAt: from }, { at: from })
  if (to === null) return
  book.run({ type: 'report-ended', placement, node: ada, endedAt: to, exitCode: 0, error: null }, { at: to })
}

describe('given work that has run', () => {
  test('what it took is on the days on which it took it, by the model of its GPUs', () => {
    const book = mesh()
    const midnight = 10 * meteredDay
    work(book, 'wl-a', [midnight - 2 * hour, midnight + hour], { gpus: { count: 2 }, cpus: 1.5, memoryMib: 2_048 })
    expect(book.state.metered.get('default')).toEqual([
      {
        day: 9,
        gpuSeconds: { [models[0] ?? '']: 7_200, [models[1] ?? '']: 7_200 },
        cpuSeconds: 10_800,
        memoryGibSeconds: 14_400,
      },
      {
        day: 10,
        gpuSeconds: { [models[0] ?? '']: 3_600, [models[1] ?? '']: 3_600 },
        cpuSeconds: 5_400,
        memoryGibSeconds: 7_200,
      },
    ])
    expect(restore(snapshot(book.state))).toEqual(book.state)
  })

  test('what still runs is counted as far as it has run, and no days but those that are asked for', () => {
    const book = mesh()
    work(book, 'wl-a', [0, hour], { cpus: 1 })
    work(book, 'wl-b', [5 * meteredDay, null], { cpus: 2 })
    const now = 5 * meteredDay + 3 * hour
    const total = (from: number) => totalOf(takenBy(book.state, 'default', { from, now })).cpuSeconds
    expect(total(0)).toBe(3_600 + 6 * 3_600)
    expect(total(meteredDay)).toBe(6 * 3_600)
    expect(takenBy(book.state, 'other', { from: 0, now })).toEqual([])
  })

  test('before the mesh is upgraded nothing is written down that older peers would not write', () => {
    const book = meshOf([ada])
    work(book, 'wl-a', [0, hour], { cpus: 1 })
    expect(book.state.metered.size).toBe(0)
  })

  test('no more days are kept than there is room for', () => {
    const book = mesh()
    work(book, 'wl-a', [0, 400 * meteredDay + hour], { cpus: 1 })
    expect(book.state.metered.get('default')).toHaveLength(92)
  })
})

describe('given prices', () => {
  const prices = { ...noPrices, gpuHour: { H100: 2.5, 'H100 80GB': 3, '*': 1 }, cpuHour: 0.1 }

  test('the one that names a model most closely counts, then that of all others', () => {
    expect(priceOfGpu(prices, models[0] ?? '')).toBe(3)
    expect(priceOfGpu(prices, models[1] ?? '')).toBe(1)
    expect(priceOfGpu(noPrices, models[0] ?? '')).toBe(null)
  })

  test('a bill is what was taken times what it costs, and says what has no price', () => {
    const took = {
      gpuSeconds: { [models[0] ?? '']: 7_200, 'AMD MI300X': 3_600 },
      cpuSeconds: 36_000,
      memoryGibSeconds: 5,
    }
    expect(billFor(took, prices)).toEqual({ cost: 8, unpriced: [] })
    expect(billFor(took, { ...prices, gpuHour: { H100: 2 } })).toEqual({ cost: 5, unpriced: ['AMD MI300X'] })
  })

  test('they are changed one by one, and one that is taken away is gone', () => {
    const book = mesh()
    book.run({ type: 'set-prices', prices: { gpuHour: { H100: 2, A100: 1 }, currency: 'EUR' } })
    book.run({ type: 'set-prices', prices: { gpuHour: { A100: null }, cpuHour: 0.5 } })
    expect(book.state.prices).toEqual({ currency: 'EUR', gpuHour: { H100: 2 }, cpuHour: 0.5, memoryGibHour: 0 })
    expect(restore(snapshot(book.state))).toEqual(book.state)
  })
})

test('however work is cut into pieces, as much is counted, but for the rounding of each', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 20 * 24 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(cuts, (ends) => {
      const book = mesh()
      const sorted = ends.toSorted((a, b) => a - b)
      let from = 0
      for (const [i, end] of sorted.entries()) {
        work(book, `wl-${i}`, [from * hour, end * hour], { gpus: { count: 1 } })
        from = end
      }
      const { gpuSeconds } = totalOf(takenBy(book.state, 'default', { from: 0, now: from * hour }))
      expect(gpuSeconds[models[0] ?? '']).toBe(from * 3_600)
    }),
    { numRuns: 30 },
  )
})
