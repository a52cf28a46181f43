import { expect, test } from 'vitest'
import type { Attempt } from '../../../../src/core/overlay/detours.ts'
import { detoursOf } from '../../../../src/core/overlay/detours.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { ada, bob, cyd } from '../../../support/control-samples.ts'

const now = 1_000_000
const attempt = (node: NodeId, failed: number, parts: Partial<Attempt> = {}): Attempt => ({
  ...{ node, candidates: ['a:1', 'b:1', 'c:1'], seen: undefined },
  search: { turn: failed, since: now, sentBytes: 0, grewAt: null, failed },
  ...parts,
})
const answering = (node: NodeId): Attempt =>
  attempt(node, 0, { seen: { endpoint: 'a:1', handshakeAt: now - 1_000, sentBytes: 1 } })

test('one that was looked for everywhere in vain is told, and not before', () => {
  expect(detoursOf([], [answering(ada), attempt(bob, 2)], now)).toEqual([])
  expect(detoursOf([], [answering(ada), attempt(bob, 3)], now)).toEqual([bob])
  const onePlace = { candidates: ['a:1'] }
  expect(detoursOf([], [answering(ada), attempt(bob, 1, onePlace)], now)).toEqual([])
  expect(detoursOf([], [answering(ada), attempt(bob, 2, onePlace)], now)).toEqual([bob])
})

test('a node that nobody answers tells of nobody, as it is its own way out that is gone', () => {
  expect(detoursOf([], [attempt(ada, 9), attempt(bob, 9)], now)).toEqual([])
})

test('what was told stays until keys were agreed on, or there is no such neighbour any more', () => {
  expect(detoursOf([cyd, bob], [attempt(bob, 0), attempt(cyd, 0)], now)).toEqual([bob, cyd])
  expect(detoursOf([bob, cyd], [answering(bob), attempt(cyd, 0)], now)).toEqual([cyd])
  expect(detoursOf([bob], [answering(ada)], now)).toEqual([])
})

test('nothing is told of one that nobody knows a place of', () => {
  expect(detoursOf([], [answering(ada), attempt(bob, 9, { candidates: [] })], now)).toEqual([])
})
