import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apply } from '../../../../src/core/state/apply.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { everythingIn } from '../../../../src/core/state/everything.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { State } from '../../../../src/core/state/state.ts'
import { createState, weighed } from '../../../../src/core/state/state.ts'
import type { Change, Entry } from '../../../../src/core/state/types.ts'
import { placementId } from '../../../../src/model/ids.ts'
import { isTerminal } from '../../../../src/model/workload.ts'
import { ada, Book, gpu, inventory, meshOf } from '../../../support/control-samples.ts'
import type { Intent } from '../../../support/state-commands.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

const history = fc.array(intent, { minLength: 1, maxLength: 120 })
const runs = { numRuns: 300 }

/** Plays the intents and looks at the state after each. */
function play(intents: readonly Intent[], look: (book: Book, ran: ReturnType<Book['run']>) => void): Book {
  const book = meshOf([ada], 3)
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 3, { sharing: true }) })
  for (const [i, each] of intents.entries()) {
    const earlier = each.repeat ? book.entries.at(-1 - (i % 3)) : undefined
    const command = earlier?.command ?? toCommand(book.state, each, i)
    const ran = book.run(command, { at: each.clock, ...(earlier === undefined ? {} : { id: earlier.id }) })
    look(book, ran)
  }
  return book
}

const replay = (entries: readonly Entry[], state: State = createState()): State => {
  for (const entry of entries) apply(state, entry, { index: state.index + 1, term: 1 })
  return state
}

const live = (state: State) => [...state.workloads.values()].filter(({ state: now }) => !isTerminal(now))

test('no device is ever in two live placements, unless as shares, and the indexes say what the workloads say', () => {
  fc.assert(
    fc.property(history, (intents) => {
      play(intents, ({ state }) => {
        const whole = live(state).filter(({ spec }) => spec.gpus.share === undefined)
        const held = whole.flatMap(({ placement }) => placement?.devices ?? [])
        expect(new Set(held).size).toBe(held.length)
        expect(new Set(state.holders.keys())).toEqual(new Set(held))
        const placements = live(state).filter(({ placement }) => placement !== null).length
        expect([...state.usage.values()].reduce((sum, { placements: n }) => sum + n, 0)).toBe(placements)
        expect([...state.residents.values()].reduce((sum, { size }) => sum + size, 0)).toBe(placements)
        expect([...state.pending].toSorted()).toEqual(
          live(state)
            .filter(({ state: now }) => now === 'pending')
            .map(({ id }) => id)
            .toSorted(),
        )
      })
    }),
    runs,
  )
})

test('whatever was told of something that is there is told again when another state takes the place of what there was', () => {
  fc.assert(
    fc.property(history, (intents) => {
      const told = new Set<string>()
      const { state } = play(intents, (_, { changes }) => {
        for (const change of changes) if (change.type !== 'event') told.add(JSON.stringify(change))
      })
      const all = new Set(everythingIn(state).map((change) => JSON.stringify(change)))
      const gone = [...told.difference(all)].map((text) => JSON.parse(text) as Change)
      for (const change of gone) expect(isThere(state, change)).toBe(false)
    }),
    runs,
  )
})

/** One that is left out of what is told has to be gone. */
function isThere(state: State, change: Change): boolean {
  if (change.type === 'workload') return state.workloads.has(change.workload)
  if (change.type === 'member') return state.members.has(change.node)
  if (change.type === 'deployment') return state.deployments.has(change.deployment)
  if (change.type === 'job') return state.jobs.has(change.job)
  return true
}

/** Histories of one node that is crowded: most of them come to several shares of one device. */
const crowd = fc.array(
  fc
    .record({ each: intent, kind: fc.constantFrom('submit', 'place', 'place', 'claim', 'ended', 'evict', 'prune') })
    .map(({ each, kind }) => ({ ...each, kind, node: ada, off: 0, flag: true, devices: each.repeat ? [1, 0] : [0] })),
  { minLength: 20, maxLength: 120 },
)

test('shares never mix with a whole device nor exceed its memory, and the index says what the workloads say', () => {
  const { memoryMib } = gpu(ada, 0)
  let together = 0
  const look = ({ state }: Book): void => {
    const said = new Map<string, Map<string, number>>()
    for (const { placement, spec } of live(state))
      for (const device of spec.gpus.share === undefined ? [] : (placement?.devices ?? []))
        said.set(device, (said.get(device) ?? new Map()).set(placement?.id, spec.gpus.share))
    expect(state.shares).toEqual(said)
    for (const [device, shares] of said) {
      expect(state.holders.has(device)).toBe(false)
      expect([...shares.values()].reduce((sum, mib) => sum + mib, 0)).toBeLessThanOrEqual(memoryMib)
      if (shares.size > 1) together += 1
    }
  }
  fc.assert(
    fc.property(fc.oneof(history, crowd), (intents) => {
      play(intents, look)
    }),
    runs,
  )
  // Else nothing was shown.
  expect(together).toBeGreaterThan(100)
})

test('names are unique among the workloads that have not ended, and among the nodes', () => {
  fc.assert(
    fc.property(history, (intents) => {
      play(intents, ({ state }) => {
        const names = live(state).map(({ name }) => name)
        expect(new Set(names).size).toBe(names.length)
        expect(new Set(state.names.keys())).toEqual(new Set(names))
        const hosts = Array.from(state.members.values(), ({ name }) => name)
        expect(new Set(hosts).size).toBe(hosts.length)
      })
    }),
    runs,
  )
})

test('epochs and time only rise, and a member’s epoch is never one that was used before', () => {
  fc.assert(
    fc.property(history, (intents) => {
      let before = { epoch: 0, at: 0 }
      const given = new Map<number, string>()
      play(intents, ({ state }) => {
        expect(state.epoch).toBeGreaterThanOrEqual(before.epoch)
        expect(state.at).toBeGreaterThanOrEqual(before.at)
        before = { epoch: state.epoch, at: state.at }
        for (const { id, epoch } of state.members.values()) {
          expect(given.get(epoch) ?? id).toBe(id)
          given.set(epoch, id)
        }
        for (const [node, epoch] of state.removed) expect(given.get(epoch) ?? `removal of ${node}`).toMatch(/removal/)
      })
    }),
    runs,
  )
})

test('no attempt is placed twice, and a placement that is over is never claimed again', () => {
  // Real ids are never used again; these histories would use them again if they could prune.
  const withoutPruning = history.map((intents) => intents.filter(({ kind }) => kind !== 'prune'))
  fc.assert(
    fc.property(withoutPruning, (intents) => {
      const placed = new Set<string>()
      const over = new Set<string>()
      play(intents, ({ state, entries }, { outcome, changes }) => {
        const command = entries.at(-1)?.command
        if (outcome.ok && changes.length > 0 && command?.type === 'place') {
          const id = placementId(command.workload, command.attempt)
          expect(placed).not.toContain(id)
          placed.add(id)
        }
        if (outcome.ok && changes.length > 0 && command?.type === 'claim') expect(over).not.toContain(command.placement)
        const current = new Set<string>(
          live(state).flatMap(({ placement }) => (placement === null ? [] : [placement.id])),
        )
        for (const id of placed) if (!current.has(id)) over.add(id)
        expect([...over].filter((id) => current.has(id))).toEqual([])
      })
    }),
    runs,
  )
})

test('the same log leads to the same bytes, over a snapshot or not, over the wire or not', () => {
  fc.assert(
    fc.property(history, fc.nat(120), (intents, cut) => {
      const { state, entries } = play(intents, () => undefined)
      const whole = snapshot(state)
      const travelled = entries.map((entry) => decodeEntry(encodeEntry(entry)))
      expect(travelled).not.toContain(null)
      expect(snapshot(replay(travelled.filter((entry) => entry !== null)))).toEqual(whole)

      const half = restore(snapshot(replay(entries.slice(0, cut))))
      expect(snapshot(replay(entries.slice(cut), half))).toEqual(whole)
      const again = restore(whole)
      expect(snapshot(again)).toEqual(whole)
      expect([...again.holders].toSorted()).toEqual([...state.holders].toSorted())
      expect(again.shares).toEqual(state.shares)
      expect([...again.usage].toSorted()).toEqual([...state.usage].toSorted())
      expect([...again.names].toSorted()).toEqual([...state.names].toSorted())
    }),
    runs,
  )
})

test('a repeated entry has the outcome of the first and changes nothing', () => {
  fc.assert(
    fc.property(history, fc.nat(), (intents, pick) => {
      const book = play(intents, () => undefined)
      const entry = book.entries[pick % book.entries.length]
      if (entry === undefined) throw new Error('an empty history')
      const first = book.state.results.get(entry.id)
      const before = {
        ...book.state,
        workloads: weighed.workloads(book.state.workloads),
        members: weighed.members(book.state.members),
      }
      const { outcome, changes, index } = apply(book.state, { ...entry, at: 99_999 }, { index: 999, term: 9 })
      expect({ outcome, index }).toEqual(first)
      expect(changes).toEqual([])
      expect({ ...book.state, index: before.index }).toEqual(before)
    }),
    runs,
  )
})

test('no entry that can be decoded makes it throw', () => {
  fc.assert(
    fc.property(fc.array(intent, { maxLength: 30 }), (intents) => {
      // Without a mesh, without members, in any order.
      const book = new Book()
      for (const [i, each] of intents.entries()) {
        const decoded = decodeEntry(
          encodeEntry({ id: `x${i}`, at: each.clock, by: 'x', via: null, command: toCommand(book.state, each, i) }),
        )
        expect(decoded).not.toBe(null)
        if (decoded !== null) expect(book.run(decoded.command).outcome.ok).toBe(false)
      }
    }),
    { numRuns: 100 },
  )
})
