import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

const id = workloadId('wl-a')
const placement = placementId(id, 1)

const saved = (at: number, node = bob, attempt = 1) =>
  ({ type: 'report-checkpoint', placement: placementId(id, attempt), node, at }) as const

function claimed(): Book {
  const book = meshOf([ada, bob])
  book.run(submit('wl-a', { checkpoint: { signal: 'SIGUSR1' } }))
  book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node: bob })
  return book
}

function running(): Book {
  const book = claimed()
  book.run({ type: 'report-running', placement, node: bob, startedAt: 5_000 })
  return book
}

const last = (book: Book): number | null | undefined => book.state.workloads.get(id)?.lastCheckpoint

describe('a checkpoint', () => {
  test('counts for what runs, and of two the later counts, whichever is told first', () => {
    const book = running()
    expect(last(book)).toBeNull()
    expect(refusal(book.run(saved(20_000)))).toBeNull()
    expect(refusal(book.run(saved(10_000)))).toBeNull()
    expect(last(book)).toBe(20_000)
  })

  test('is its own node’s to tell, and no other placement’s', () => {
    const book = running()
    expect(refusal(book.run(saved(20_000, ada)))).toBe('PLACEMENT_SUPERSEDED')
    expect(refusal(book.run(saved(20_000, bob, 2)))).toBe('PLACEMENT_SUPERSEDED')
    expect(last(book)).toBeNull()
    expect(mayForward(saved(1), bob)).toBe(true)
    expect(mayForward(saved(1), ada)).toBe(false)
  })

  test('counts for nothing before it runs, and while it leaves', () => {
    const book = claimed()
    book.run(saved(4_000))
    expect(last(book)).toBeNull()
    book.run({ type: 'report-running', placement, node: bob, startedAt: 5_000 })
    book.run({ type: 'evict', placement, reason: 'bob is drained', grace: null, target: null, avoid: false })
    book.run(saved(20_000))
    expect(last(book)).toBeNull()
  })

  test('is forgotten when the work goes back into the queue, and stays when it ends', () => {
    const book = running()
    book.run(saved(20_000))
    book.run({ type: 'evict', placement, reason: 'bob is drained', grace: null, target: null, avoid: false })
    book.run({ type: 'report-ended', placement, node: bob, endedAt: 60_000, exitCode: 0, error: null })
    expect(book.state.workloads.get(id)).toMatchObject({ state: 'pending', lastCheckpoint: null })
    const other = running()
    other.run(saved(20_000))
    other.run({ type: 'report-ended', placement, node: bob, endedAt: 60_000, exitCode: 0, error: null })
    expect(other.state.workloads.get(id)).toMatchObject({ state: 'completed', lastCheckpoint: 20_000 })
  })

  test('goes over the wire as it is', () => {
    const entry = { id: 'x', at: 1, by: bob, via: bob, command: saved(7.5) }
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
  })
})

test('whatever happens, only what has a place has saved, and within an attempt the moment only rises', () => {
  fc.assert(
    fc.property(fc.array(intent, { minLength: 1, maxLength: 120 }), (intents) => {
      const book = meshOf([ada], 3)
      const seen = new Map<string, number>()
      for (const [i, each] of intents.entries()) {
        book.run(toCommand(book.state, each, i), { at: each.clock })
        for (const { placement: place, lastCheckpoint, submittedAt } of book.state.workloads.values()) {
          if (lastCheckpoint === null) continue
          // Ids are used again here once they were pruned.
          const key = `${place?.id} of ${submittedAt} ${place?.at}`
          expect(place?.state).toBe('claimed')
          expect(lastCheckpoint).toBeGreaterThanOrEqual(seen.get(key) ?? 0)
          seen.set(key, lastCheckpoint)
        }
      }
    }),
    { numRuns: 300 },
  )
})
