/** A log in which the version rises, before machines of every age. */
import { atOnce, joined } from '../../../../src/lib/slices.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeEntry } from '../../../../src/core/state/entry.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import type { VersionRange } from '../../../../src/model/version.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { Committed } from '../../../../src/services/consensus/types.ts'
import { ReplicatedState } from '../../../../src/services/control/replicated-state.ts'
import { ada, bob, Book, inventory, meshOf, submit } from '../../../support/control-samples.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'

const old: VersionRange = { oldest: 1, newest: 1 }
const unsupported = expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }) as Error
const machineOf = (applies?: VersionRange): ReplicatedState =>
  new ReplicatedState({ log: silent, metrics: new FakeMetrics(), ...(applies !== undefined && { applies }) })

/** Two nodes are upgraded, the version rises, and what it brought is used. `raised` is the index of the rise. */
function history(): { readonly log: readonly Committed[]; readonly raised: number } {
  const book = new Book()
  book.entries.push(...meshOf([ada, bob]).entries)
  const versions = { clawnode: '0.2.0', state: '1..2' }
  const add = (command: Parameters<Book['run']>[0]): void => {
    const id = `e${book.entries.length + 1}`
    book.entries.push({ id, at: 9_000, by: 'socket', via: null, command })
  }
  add(submit('wl-a'))
  add({ type: 'raise-version', version: 2 })
  for (const node of [ada, bob]) add({ type: 'report-inventory', node, inventory: inventory(node, 1, { versions }) })
  add({ type: 'raise-version', version: 2 })
  const raised = book.entries.length
  add({ type: 'request-stop', workload: workloadId('wl-a'), force: false, reason: 'enough' })
  add(submit('wl-b'))
  const log = book.entries.map((entry, i) => ({ index: i + 1, term: 1, payload: encodeEntry(entry) }))
  return { log, raised }
}

/** Applies in batches of these sizes, over and over, as consensus hands them on; an outdated machine is left alone. */
function play(machine: ReplicatedState, log: readonly Committed[], sizes: readonly number[]): void {
  for (let at = 0, turn = 0; at < log.length && machine.outdated === null; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    try {
      machine.apply(log.slice(at, at + size))
    } catch (error) {
      expect(error).toEqual(unsupported)
    }
    at += size
  }
}

const batches = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

test('however the log is cut into batches, an older machine has applied all before the rise and nothing from there on', () => {
  const { log, raised } = history()
  const until = machineOf()
  until.apply(log.slice(0, raised - 1))
  fc.assert(
    fc.property(batches, (sizes) => {
      const [older, newer] = [machineOf(old), machineOf()]
      play(older, log, sizes)
      play(newer, log, sizes)
      expect(older.outdated).toEqual(unsupported)
      expect([older.state.index, newer.state.index]).toEqual([raised - 1, log.length])
      expect(snapshot(older.state)).toEqual(snapshot(until.state))
      expect(newer.state.version).toBe(2)
      expect(() => older.apply(log.slice(-1))).toThrow(unsupported)
      expect(snapshot(older.state)).toEqual(snapshot(until.state))
    }),
  )
})

test('a rise that is refused, because a node does not apply it, stops nobody', () => {
  const { log, raised } = history()
  const [older, newer] = [machineOf(old), machineOf()]
  for (const machine of [older, newer]) machine.apply(log.slice(0, raised - 1))
  expect(older.outdated).toBe(null)
  expect(older.state.version).toBe(1)
  expect(snapshot(older.state)).toEqual(snapshot(newer.state))
})

test('an older build goes on from where the state is its own, and refuses another before it touches anything', () => {
  const { log, raised } = history()
  const newer = machineOf()
  newer.apply(log.slice(0, raised - 1))
  const before = joined(newer.snapshot())
  newer.apply(log.slice(raised - 1))
  const after = joined(newer.snapshot())

  expect(() => machineOf(old).check(before, log.slice(0, raised - 4))).not.toThrow()
  const older = machineOf(old)
  atOnce(older.restore(before))(raised - 1)
  expect(() => atOnce(older.restore(after))).toThrow(unsupported)
  expect(joined(older.snapshot())).toEqual(before)
  expect(() => machineOf(old).check(after, [])).toThrow(unsupported)
  expect(() => machineOf(old).check(null, log)).toThrow(unsupported)
  expect(() => machineOf().check(after, log)).not.toThrow()
})

test('a rise in the log that was refused keeps no older build from being started', () => {
  const { log, raised } = history()
  expect(() => machineOf(old).check(null, log.slice(0, raised - 1))).not.toThrow()
  const older = machineOf(old)
  older.apply(log.slice(0, 2))
  expect(() => older.check(null, log.slice(2, raised - 1))).not.toThrow()
  expect([older.state.index, older.outdated]).toEqual([2, null])
})

test('a build that has given up the first version does not apply a log from the beginning', () => {
  const { log } = history()
  const later = machineOf({ oldest: 2, newest: 3 })
  expect(() => later.apply(log)).toThrow(unsupported)
  expect(later.state.index).toBe(0)
})
