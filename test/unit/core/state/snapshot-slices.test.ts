import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apply } from '../../../../src/core/state/apply.ts'
import { restoreSlices } from '../../../../src/core/state/restore.ts'
import { snapshot, snapshotSlices } from '../../../../src/core/state/snapshot.ts'
import { createState, limits } from '../../../../src/core/state/state.ts'
import type { Slices } from '../../../../src/lib/slices.ts'
import { joined } from '../../../../src/lib/slices.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import { ada, inventory, meshOf, submit } from '../../../support/control-samples.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

const size = { length: 2_000, items: 4 }
const intents = fc.array(intent, { minLength: 1, maxLength: 40 })

function started() {
  const book = meshOf([ada], 3)
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 3, { sharing: true }) })
  return book
}

test('given a snapshot that is being written, when commands are applied between its slices, then it is the state of its index', () => {
  fc.assert(
    fc.property(intents, intents, (before, meanwhile) => {
      const book = started()
      for (const [i, each] of before.entries()) book.run(toCommand(book.state, each, i), { at: each.clock })
      const expected = snapshot(book.state)
      const slices = snapshotSlices(book.state, size)
      const parts: Uint8Array[] = []
      for (const [i, each] of meanwhile.entries()) {
        book.run(toCommand(book.state, each, before.length + i), { at: each.clock })
        const { value } = slices.next()
        if (value !== undefined) parts.push(value)
      }
      parts.push(...slices)
      expect(joined(parts)).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

test('given a snapshot that was read in slices, when it is applied to further, then it goes on as the state that it is of', () => {
  fc.assert(
    fc.property(intents, intents, (before, after) => {
      const book = started()
      for (const [i, each] of before.entries()) book.run(toCommand(book.state, each, i), { at: each.clock })
      const { result: copy } = run(restoreSlices(snapshot(book.state), { size }))
      const from = book.entries.length
      for (const [i, each] of after.entries()) book.run(toCommand(book.state, each, from + i), { at: each.clock })
      for (const entry of book.entries.slice(from)) apply(copy, entry, { index: copy.index + 1, term: 1 })
      expect(snapshot(copy)).toEqual(snapshot(book.state))
    }),
    { numRuns: 100 },
  )
})

test('given a large state, when it is written and read, then no slice does more than its share', () => {
  const book = started()
  for (let i = 0; i < 300; i += 1) book.run(submit(workloadId(`w-${i}`), {}, `name-${i}`))
  const whole = snapshot(book.state)
  const lengths = [...snapshotSlices(book.state, size)].map(({ length }) => length)
  const longestItem = Math.max(...[...book.state.workloads.values()].map((one) => JSON.stringify(one).length))
  const longestMember = Math.max(...[...book.state.members.values()].map((one) => JSON.stringify(one).length))
  expect(Math.max(...lengths)).toBeLessThanOrEqual(size.length + Math.max(longestItem, longestMember) + 1)
  const { slices } = run(restoreSlices(whole, { size }))
  // Read, weighed, put into the map and into the indexes: four at a time.
  expect(slices).toBeGreaterThanOrEqual((4 * 300) / size.items)
})

test('given a list with more than it may hold, or an item of another shape, when it is read, then the whole is refused', () => {
  const text = new TextDecoder().decode(snapshot(createState()))
  const event = { sequence: 1, at: 1, type: 'x', node: null, workload: null, message: '' }
  const events = (list: readonly object[]) =>
    new TextEncoder().encode(text.replace('"events":[]', `"events":${JSON.stringify(list)}`))
  const full = Array.from({ length: limits.events }, () => event)
  const reads = (bytes: Uint8Array) => () => run(restoreSlices(bytes)).result.events.length
  expect(reads(events(full))()).toBe(limits.events)
  expect(reads(events([...full, event]))).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }))
  expect(reads(events([...full.slice(1), { ...event, more: 1 }]))).toThrow(
    expect.objectContaining({ code: 'STATE_CORRUPT' }),
  )
  expect(reads(new TextEncoder().encode(text.replace('"epoch":0,', '')))).toThrow(
    expect.objectContaining({ code: 'STATE_CORRUPT' }),
  )
})

/** The result, and after how many slices it was there. */
function run<Result>(work: Slices<unknown, Result>): { readonly result: Result; readonly slices: number } {
  for (let slices = 1; ; slices += 1) {
    const step = work.next()
    if (step.done === true) return { result: step.value, slices }
  }
}
