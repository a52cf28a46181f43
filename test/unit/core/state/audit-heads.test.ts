import { expect, test } from 'vitest'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import { mayForward } from '../../../../src/core/state/authority.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { ada, bob, meshOf, refusal } from '../../../support/control-samples.ts'

const hash = (letter: string): string => letter.repeat(64)
const head = (seq: number, letter = 'a'): Command => ({ type: 'report-audit-head', node: bob, seq, hash: hash(letter) })

test('a node tells how far its log has come, and cannot take it back', () => {
  const book = meshOf([ada, bob])
  expect(refusal(book.run(head(5)))).toBeNull()
  expect(refusal(book.run(head(9)))).toBeNull()
  expect(refusal(book.run(head(9)))).toBeNull()
  for (const other of [head(9, 'b'), head(4)]) {
    expect(refusal(book.run(other))).toBe('AUDIT_BROKEN')
    expect(book.state.events.at(-1)).toMatchObject({ type: 'audit.conflict', node: bob })
  }
  expect(book.state.auditHeads.get(bob)?.map(({ seq }) => seq)).toEqual([5, 9])
  expect(restore(snapshot(book.state)).auditHeads).toEqual(book.state.auditHeads)
})

test('only the node itself tells of its log, and what was told goes with it', () => {
  expect([mayForward(head(1), bob), mayForward(head(1), ada)]).toEqual([true, false])
  const book = meshOf([ada, bob])
  book.run(head(1))
  book.run({ type: 'remove-member', node: bob, force: true })
  expect(book.state.auditHeads.size).toBe(0)
})

test('so many are kept: all of the newest, and some of each time before', () => {
  const book = meshOf([ada, bob])
  for (let seq = 1; seq <= 500; seq += 1) book.run(head(seq), { at: 10_000 + seq * 1_000 })
  const kept = (book.state.auditHeads.get(bob) ?? []).map(({ seq }) => seq)
  expect(kept).toHaveLength(limits.auditHeads)
  expect(kept.slice(-limits.auditHeads / 2)).toEqual(Array.from({ length: 16 }, (_, i) => 485 + i))
  expect(kept[0]).toBe(1)
  expect(kept[8]).toBeGreaterThan(50)
  expect(kept[8]).toBeLessThan(450)
})
