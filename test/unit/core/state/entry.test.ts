import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeCommand,
  decodeEntry,
  decodeOutcome,
  encodeCommand,
  encodeEntry,
} from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { createState, limits } from '../../../../src/core/state/state.ts'
import type { Command, Entry } from '../../../../src/core/state/types.ts'
import { groupId, workloadId } from '../../../../src/model/ids.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import { ada, Book, meshOf, submit } from '../../../support/control-samples.ts'

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const entry: Entry = { id: 'e1', at: 5, by: 'socket', via: null, command: submit('wl-a') }

describe('entries', () => {
  test('come back as they were written', () => {
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
    expect(decodeCommand(encodeCommand(entry.command))).toEqual(entry.command)
  })

  const place = { node: ada, devices: ['GPU-ada-0'], executor: 'docker' } as const
  const workload = workloadId('wl-a')
  const whole: readonly Command[] = [
    { type: 'place', workload, attempt: 1, ...place, because: 'it fits' },
    { type: 'place-gang', group: groupId('wl-g'), attempt: 1, places: [place, place], because: 'they fit' },
    { type: 'note-wait', workload, reason: 'no room' },
    { type: 'create-namespace', name: 'team', quota: noQuota, weight: 2, borrow: true },
    { type: 'update-namespace', name: 'team', quota: { gpus: 1 }, weight: 3, borrow: false },
    { type: 'remove-namespace', name: 'team' },
  ]
  test.each(whole.map((command) => [command.type, command] as const))(
    'of the command %s come back whole',
    (_, command) => {
      expect(decodeEntry(encodeEntry({ ...entry, command }))).toEqual({ ...entry, command })
    },
  )

  test.each([
    ['nothing', new Uint8Array()],
    ['no JSON', new TextEncoder().encode('{"id":')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['an unknown command', bytes({ ...entry, command: { type: 'explode' } })],
    ['an unknown field', bytes({ ...entry, extra: 1 })],
    ['a missing field', bytes({ id: 'e1', at: 5, by: 'x', command: entry.command })],
    ['a time before 1970', bytes({ ...entry, at: -1 })],
    ['a name that is no name', bytes({ ...entry, command: { ...submit('wl-a'), name: '../etc' } })],
  ])('of %s are none', (_, garbage) => {
    expect(decodeEntry(garbage)).toBe(null)
  })

  test('of random bytes are none, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        expect(decodeEntry(garbage)).toBe(null)
      }),
    )
  })

  test('given an outcome whose failure is nested deep, it is none', () => {
    const facts = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const outcome = `{"ok":false,"failure":{"code":"x","message":"x","hint":"x","facts":${facts}}}`
    expect(() => decodeOutcome(Buffer.from(outcome))).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  })

  test('that are too large are refused on both sides', () => {
    const env = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`V${i}`, 'x'.repeat(30_000)]))
    const large = { ...entry, command: submit('wl-a', { env }) }
    expect(() => encodeEntry(large)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    expect(decodeEntry(bytes(large))).toBe(null)
    expect(() => decodeCommand(bytes(large.command))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })

  test('that nobody could read are not written', () => {
    expect(() => encodeEntry({ ...entry, id: '' })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(() => decodeCommand(bytes({ type: 'claim', placement: 'wl-a.1' }))).toThrow(/node/)
  })
})

describe('snapshots', () => {
  test('that are damaged or of another format are refused', () => {
    const good = snapshot(meshOf([ada]).state)
    const code = /snapshot is damaged/
    expect(() => restore(good.subarray(0, -1))).toThrow(code)
    expect(() => restore(bytes({ format: 99 }))).toThrow(code)
    expect(() => restore(new Uint8Array())).toThrow(code)
  })

  test('of an empty state are an empty state', () => {
    expect(restore(snapshot(createState()))).toEqual(createState())
  })
})

describe('what is bounded', () => {
  test('the memory of results and the ring of events let the oldest go', () => {
    const book = new Book(meshOf([ada]).state)
    for (let i = 0; i < limits.results + 5; i += 1) {
      const liveness = i % 2 === 0 ? 'lost' : 'alive'
      book.run({ type: 'record-liveness', node: ada, liveness }, { id: `n${i}` })
    }
    expect(book.state.results.size).toBe(limits.results)
    expect([book.state.results.has('n4'), book.state.results.has('n5')]).toEqual([false, true])
    expect(book.state.events.length).toBeLessThanOrEqual(limits.events)
    expect(book.state.events.length).toBeGreaterThanOrEqual(0.9 * limits.events)
    expect(book.state.events.at(-1)?.sequence).toBe(book.state.sequence)
    const sequences = book.state.events.map(({ sequence }) => sequence)
    expect(sequences.every((sequence, i) => i === 0 || sequence === (sequences[i - 1] ?? 0) + 1)).toBe(true)
  })

  test('events of work and events of the mesh leave each other half of the room', () => {
    const book = new Book(meshOf([ada]).state)
    const full = Array.from({ length: limits.events }, (_, i) => i + 1)
    const told = { at: 1_000, type: 'node.lost', node: ada, workload: null, message: 'ada is lost' }
    book.state.events.splice(0, Infinity, ...full.map((sequence) => ({ ...told, sequence })))
    book.state.sequence = limits.events
    const submitted = limits.events / 2 + 100
    for (let i = 1; i <= submitted; i += 1) book.run(submit(`wl-${i}`), { id: `s${i}` })
    const { events } = book.state
    const ofWork = events.filter(({ type }) => type.startsWith('workload.'))
    expect(events.length).toBeLessThanOrEqual(limits.events)
    for (const share of [ofWork.length, events.length - ofWork.length])
      expect(share).toBeGreaterThanOrEqual(0.4 * limits.events)
    expect(ofWork.at(-1)?.workload).toBe(`wl-${submitted}`)
    expect(events).toEqual(events.toSorted((a, b) => a.sequence - b.sequence))
    expect(restore(snapshot(book.state)).events).toEqual(events)
  })
})
