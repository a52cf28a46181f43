import { expect, test } from 'vitest'
import type { Raft } from '../../../../src/core/consensus/raft.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { statusOf } from '../../../../src/services/consensus/status.ts'

const ids = ['self', 'b', 'c', 'd', 'e'].map(nodeId)
const now = 100_000

/** How long a peer that follows, or leads these others, has been out of touch: they answered at these times. */
function outOfTouch(phase: Raft['phase'], heardAt: readonly (number | null)[], mute: readonly number[] = []): number {
  const [self, ...others] = ids.slice(0, heardAt.length + 1)
  const progress = others.map((node, i) => {
    return [node, { match: 0, mute: mute.includes(i), addedAt: 0, heardAt: heardAt[i] ?? null }] as const
  })
  const raft = {
    ...{ phase, self, term: 1, leader: self, commit: 1, heardAt: now - 40_000 },
    ...{ log: { voters: [self, ...others] }, leading: { progress: new Map(progress) } },
  }
  return statusOf(raft as unknown as Raft, 1, now).outOfTouchFor
}

test('who follows is in touch with its leader, whom it may still believe in when that has long been silent', () => {
  expect(outOfTouch('follower', [])).toBe(40_000)
})

test.each([
  ['alone', [], 0],
  ['of two', [now - 7], 7],
  ['of three, of whom one is silent', [now - 7, 0], 7],
  ['of five, of whom two are silent', [now - 7, now - 9, 0, null], 9],
  ['of five, of whom three are silent', [now - 7, 5, 4, null], now - 5],
  ['that has heard of nobody yet', [null, null], Infinity],
])('who leads is in touch with a majority: %s', (_, heardAt, expected) => {
  expect(outOfTouch('leader', heardAt)).toBe(expected)
})

test('one that has lost its log does not count', () => {
  expect(outOfTouch('leader', [now - 7, now - 9], [0])).toBe(9)
})

test('who takes no part never was in touch', () => {
  expect(statusOf(null, 0, now).outOfTouchFor).toBe(Infinity)
})
