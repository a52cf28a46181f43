import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOf, subnetOf } from '../../../../src/core/overlay/addresses.ts'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { waitingFor } from '../../../../src/core/state/overlay.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { ada, admit, bob, Book, cyd, meshOf, newMember, refusal, token } from '../../../support/control-samples.ts'
import { enableOverlay, joinOverlay, keyFor, rotateOverlay } from '../../../support/overlay-samples.ts'

const slots = ({ state }: Book): Readonly<Record<string, number>> =>
  Object.fromEntries(Array.from(state.overlay?.nodes.values() ?? [], ({ node, slot }) => [node, slot]))
const lanes = ({ state }: Book, node: NodeId): readonly number[] =>
  state.overlay?.nodes.get(node)?.lanes.map(({ generation }) => generation) ?? []

function overlayOf(...nodes: readonly NodeId[]): Book {
  const book = meshOf(nodes)
  book.run(enableOverlay())
  for (const node of nodes) book.run(joinOverlay(node))
  return book
}

describe('addresses', () => {
  test('go to members in the order in which they join, and stay while they leave the overlay and come back', () => {
    const book = overlayOf(ada, bob)
    expect(slots(book)).toEqual({ ada: 1, bob: 2 })
    book.run({ type: 'leave-overlay', node: ada })
    expect(lanes(book, ada)).toEqual([])
    book.run(joinOverlay(ada))
    expect(slots(book)).toEqual({ ada: 1, bob: 2 })
  })

  test('are free again once the member has left the mesh', () => {
    const book = overlayOf(ada, bob)
    book.run({ type: 'remove-member', node: bob, force: true })
    expect(slots(book)).toEqual({ ada: 1 })
    book.run(token('t-cyd'))
    book.run(admit('t-cyd', newMember(cyd)))
    book.run(joinOverlay(cyd))
    expect(slots(book)).toEqual({ ada: 1, cyd: 2 })
  })

  test('run out at some time, which is a refusal', () => {
    const book = meshOf([ada, bob])
    book.run(enableOverlay({ containers: '10.200.0.0/23' }))
    expect(refusal(book.run(joinOverlay(ada)))).toBeNull()
    expect(refusal(book.run(joinOverlay(bob)))).toBe('OVERLAY_FULL')
    expect(refusal(book.run(joinOverlay(ada)))).toBeNull()
  })

  test('are not changed under those that have them', () => {
    const book = overlayOf(ada)
    expect(refusal(book.run(enableOverlay({ nodes: '10.99.0.0/16' })))).toBe('OVERLAY_IN_USE')
    expect(refusal(book.run(enableOverlay({ presharedKeys: true })))).toBeNull()
    expect(book.state.overlay?.settings.presharedKeys).toBe(true)
    expect(slots(book)).toEqual({ ada: 1 })
    book.run({ type: 'disable-overlay' })
    expect(book.state.overlay).toBeNull()
    expect(refusal(book.run({ type: 'disable-overlay' }))).toBeNull()
    expect(refusal(book.run(enableOverlay({ nodes: '10.99.0.0/16' })))).toBeNull()
  })

  test('are given to members only, with a key that no other has', () => {
    const book = overlayOf(ada, bob)
    expect(refusal(book.run(joinOverlay(cyd)))).toBe('NODE_NOT_FOUND')
    const stolen = { generation: 1, publicKey: keyFor('ada/1'), signature: `${'A'.repeat(86)}==`, port: 1 }
    expect(refusal(book.run(joinOverlay(bob, 1, { lane: stolen })))).toBe('INVALID_REQUEST')
    expect(refusal(meshOf([ada]).run(joinOverlay(ada)))).toBe('OVERLAY_OFF')
    expect(refusal(meshOf([ada]).run(enableOverlay({ nodes: '8.8.0.0/16' })))).toBe('INVALID_REQUEST')
  })

  const five = ['ada', 'bob', 'cyd', 'dan', 'eve'].map(nodeId)
  const act = fc.record({
    what: fc.constantFrom('join', 'join', 'join', 'leave', 'remove', 'admit', 'rotate', 'moved', 'lost', 'off', 'on'),
    node: fc.constantFrom(...five),
    small: fc.boolean(),
  })

  test('are never those of another, stay those of their node, and are the same on every peer', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const book = meshOf([ada])
        const held = new Map<NodeId, number>()
        for (const { what, node, small } of acts) {
          book.run(commandFor(book, what, node, small))
          const { overlay } = book.state
          const nodes = [...(overlay?.nodes.values() ?? [])]
          expect(new Set(nodes.map(({ slot }) => slot)).size).toBe(nodes.length)
          if (overlay !== null) {
            const addresses = nodes.map(({ slot }) => addressOf(overlay.settings, slot))
            const subnets = nodes.map(({ slot }) => subnetOf(overlay.settings, slot))
            expect(new Set([...addresses, ...subnets]).size).toBe(2 * nodes.length)
            for (const { node: one, lanes: own } of nodes) {
              expect(book.state.members.has(one)).toBe(true)
              expect(own.length).toBeLessThanOrEqual(overlay.rotation === null ? 1 : 2)
            }
          }
          for (const [one, slot] of held) {
            const now = overlay?.nodes.get(one)?.slot
            if (now === undefined) held.delete(one)
            else expect(now).toBe(slot)
          }
          for (const { node: one, slot } of nodes) held.set(one, slot)
        }
        const copy = new Book()
        for (const entry of book.entries) {
          const read = decodeEntry(encodeEntry(entry))
          if (read !== null) copy.run(read.command, read)
        }
        expect(copy.state.overlay).toEqual(book.state.overlay)
        expect(restore(snapshot(book.state)).overlay).toEqual(book.state.overlay)
      }),
      { numRuns: 300 },
    )
  })
})

function commandFor({ state }: Book, what: string, node: NodeId, small: boolean): Command {
  switch (what) {
    case 'leave':
      return { type: 'leave-overlay', node }
    case 'remove':
      return { type: 'remove-member', node, force: true }
    case 'admit':
      return state.tokens.has(`t-${node}`) ? admit(`t-${node}`, newMember(node)) : token(`t-${node}`)
    case 'rotate':
      return rotateOverlay(small ? null : [node], small && typeof state.overlay?.rotation?.generation === 'number')
    case 'moved':
      return { type: 'report-overlay', node, moved: (state.overlay?.generation ?? 0) + 1 }
    case 'lost':
      return { type: 'record-liveness', node, liveness: small ? 'lost' : 'alive' }
    case 'off':
      return { type: 'disable-overlay' }
    case 'on':
      return enableOverlay(small ? { containers: '10.200.0.0/22' } : {})
    default:
      return joinOverlay(node, (state.overlay?.generation ?? 1) + (small && state.overlay?.rotation ? 1 : 0), {
        isManaged: node !== cyd,
      })
  }
}

describe('a rotation of keys', () => {
  const moved = (node: NodeId, generation = 2): Command => ({ type: 'report-overlay', node, moved: generation })

  test('is over when all that are up have moved all of their traffic, and not before', () => {
    const book = overlayOf(ada, bob, cyd)
    book.run(rotateOverlay())
    expect(refusal(book.run(rotateOverlay()))).toBe('OVERLAY_ROTATING')
    for (const node of [ada, bob, cyd]) book.run(joinOverlay(node, 2))
    expect(lanes(book, ada)).toEqual([1, 2])
    book.run(moved(ada))
    book.run(moved(bob))
    expect(waitingFor(book.state)).toEqual([cyd])
    expect(book.state.overlay?.generation).toBe(1)
    book.run(moved(cyd))
    expect(book.state.overlay).toMatchObject({ generation: 2, rotation: null })
    expect(lanes(book, ada)).toEqual([2])
  })

  test('waits for nobody who is lost, or whose owner sets the interface up; those take part again with a new key', () => {
    const book = overlayOf(ada, bob, cyd)
    book.run(joinOverlay(cyd, 1, { isManaged: false }))
    book.run(rotateOverlay())
    book.run(joinOverlay(ada, 2))
    book.run(moved(ada))
    expect(waitingFor(book.state)).toEqual([bob])
    book.run({ type: 'record-liveness', node: bob, liveness: 'lost' })
    expect(book.state.overlay).toMatchObject({ generation: 2, rotation: null })
    expect([lanes(book, ada), lanes(book, bob), lanes(book, cyd)]).toEqual([[2], [], []])
    expect(refusal(book.run(joinOverlay(bob, 1)))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(joinOverlay(bob, 2)))).toBeNull()
  })

  test('can be ended by hand, and is of some nodes only where those are named', () => {
    const book = overlayOf(ada, bob)
    expect(refusal(book.run(rotateOverlay(null, true)))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(rotateOverlay([cyd])))).toBe('NODE_NOT_FOUND')
    book.run(rotateOverlay([bob]))
    expect(book.state.overlay?.rotation?.fresh).toEqual([bob])
    // The key that it has goes on to the next generation.
    const lane = { generation: 2, publicKey: keyFor('ada/1'), signature: `${'A'.repeat(86)}==`, port: 51_821 }
    expect(refusal(book.run(joinOverlay(ada, 2, { lane })))).toBeNull()
    expect(refusal(book.run(rotateOverlay(null, true)))).toBeNull()
    expect(book.state.overlay).toMatchObject({ generation: 2, rotation: null })
    expect(refusal(book.run(moved(ada)))).toBe('INVALID_REQUEST')
  })
})

describe('whom a node does not reach by itself', () => {
  const detour = (node: NodeId, ...detours: readonly NodeId[]): Command => ({ type: 'detour-overlay', node, detours })
  const of = ({ state }: Book, node: NodeId) => state.overlay?.nodes.get(node)?.detours

  test('is what it has said last, of those that are there, and outlives that it says anew how it takes part', () => {
    const book = overlayOf(ada, bob)
    book.run(detour(ada, cyd, bob, bob, ada))
    expect(of(book, ada)).toEqual([bob])
    book.run(joinOverlay(ada, 1, { endpoints: ['192.0.2.9'] }))
    expect(of(book, ada)).toEqual([bob])
    expect(restore(snapshot(book.state)).overlay).toEqual(book.state.overlay)
    book.run(detour(ada))
    expect(book.state.overlay?.nodes.get(ada)).not.toHaveProperty('detours')
  })

  test('is forgotten with the member, and where the node takes no part any more', () => {
    const book = overlayOf(ada, bob, cyd)
    book.run(detour(ada, cyd))
    book.run(joinOverlay(ada, 1))
    expect(of(book, ada)).toEqual([cyd])
    book.run(joinOverlay(ada, 1, { isManaged: false }))
    expect(of(book, ada)).toBeUndefined()
    book.run(joinOverlay(ada, 1))
    book.run(detour(ada, bob, cyd))
    book.run(detour(cyd, ada))
    book.run({ type: 'remove-member', node: bob, force: true })
    expect(of(book, ada)).toEqual([cyd])
    book.run({ type: 'leave-overlay', node: ada })
    expect(of(book, ada)).toBeUndefined()
    expect(of(book, cyd)).toEqual([ada])
  })

  test('is said by none that has no address, and by nobody else', () => {
    const book = overlayOf(ada)
    expect(refusal(book.run(detour(bob, ada)))).toBe('NODE_NOT_FOUND')
    expect([mayForward(detour(ada, bob), ada, true), mayForward(detour(ada, bob), bob)]).toEqual([true, false])
  })
})

test('nodes speak for themselves alone, also those that only work', () => {
  expect(mayForward(joinOverlay(ada), ada)).toBe(true)
  expect(mayForward(joinOverlay(ada), bob)).toBe(false)
  expect(mayForward(joinOverlay(ada), ada, true)).toBe(true)
  expect(mayForward({ type: 'leave-overlay', node: ada }, bob)).toBe(false)
  expect(mayForward(enableOverlay(), bob)).toBe(true)
  expect(mayForward(enableOverlay(), bob, true)).toBe(false)
  expect(mayForward(rotateOverlay(), bob, true)).toBe(false)
})

test('nothing that wg could read as more than an endpoint gets into the log', () => {
  const entry = (endpoint: string) => ({
    ...{ id: 'e', at: 1, by: 'ada', via: null },
    command: joinOverlay(ada, 1, { endpoints: [endpoint] }),
  })
  for (const endpoint of ['192.0.2.1', '192.0.2.1:51820', 'gpu-1.example.com:1', '[2001:db8::1]', '[2001:db8::1]:5'])
    expect(decodeEntry(encodeEntry(entry(endpoint)))?.command).toEqual(entry(endpoint).command)
  for (const endpoint of ['a b', 'x\nPostUp = rm', '', 'a:b:c', '1.2.3.4:999999', '-x', 'a#b', '"'])
    expect(() => encodeEntry(entry(endpoint)), endpoint).toThrow()
})
