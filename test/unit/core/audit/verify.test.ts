import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lineOf, linkAfter, readLine } from '../../../../src/core/audit/entry.ts'
import { droppedUpTo } from '../../../../src/core/audit/own.ts'
import { verify } from '../../../../src/core/audit/verify.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { chainOf, node, record, records, tamper, tampering } from '../../../support/audit-chain.ts'
import { figure } from '../../../support/figure.ts'

const whole = (lines: Iterable<string>, heads: readonly { seq: number; hash: string }[] = []) =>
  verify(lines, { node, heads, after: null })

const five = chainOf([1, 2, 3, 4, 5].map((i) => record({ object: `w${i}` })))
const newest = five.heads.slice(-1)

test('given any chain, when nothing was done to it, then it is whole', () => {
  fc.assert(
    fc.property(records, (all) => {
      const { lines, heads } = chainOf(all)
      expect(whole(lines, heads)).toMatchObject({ entries: all.length, first: 1, fault: null, last: heads.at(-1) })
    }),
  )
})

test('given any chain whose end others know, when an entry is edited, dropped, moved, repeated, cut off or forged, then it is found', () => {
  const found: Record<string, number> = {}
  fc.assert(
    fc.property(records, tampering, (all, what) => {
      const chain = chainOf(all)
      const after = tamper(chain, what)
      if (after.lines.join('\n') === chain.lines.join('\n')) return
      const { fault } = whole(after.lines, chain.heads.slice(-1))
      expect(fault).not.toBeNull()
      expect(fault?.seq).toBe(after.seq)
      found[what.kind] = (found[what.kind] ?? 0) + 1
    }),
    { numRuns: 500 },
  )
  figure('audit', { tamperedChainsFound: found })
  expect(Object.keys(found)).toHaveLength(6)
})

test('given two things done to a chain, then the first bad entry is not passed over', () => {
  fc.assert(
    fc.property(records, tampering, tampering, (all, one, other) => {
      const chain = chainOf(all)
      const once = tamper(chain, one)
      if (once.lines.length === 0) return
      const twice = tamper(
        { ...chain, lines: once.lines },
        { ...other, kind: other.kind === 'forged' ? 'edited' : other.kind },
      )
      if (twice.lines.join('\n') === chain.lines.join('\n')) return
      expect(whole(twice.lines, chain.heads.slice(-1)).fault).not.toBeNull()
    }),
    { numRuns: 200 },
  )
})

describe('what was done is named:', () => {
  const line = (i: number): string => five.lines[i - 1] ?? ''
  const of = (lines: readonly string[]) => whole(lines, newest).fault

  test('a changed word', () => {
    expect(of(five.lines.with(2, line(3).replace('socket', 'sacket')))).toMatchObject({ seq: 3, kind: 'edited' })
  })
  test('another entry in the place of one, with a hash that is right for it', () => {
    const forged = lineOf(linkAfter(five.heads[1] ?? null, record({ actor: 'nobody' }), { node, at: 1_002 }))
    expect(of(five.lines.with(2, forged))).toMatchObject({ seq: 3, kind: 'edited' })
  })
  test('an entry that is not there, and two', () => {
    expect(of(five.lines.toSpliced(1, 1))).toMatchObject({ seq: 2, kind: 'dropped', detail: 'entry 2 is missing' })
    expect(of(five.lines.toSpliced(1, 2))).toMatchObject({ seq: 2, detail: 'entries 2 to 3 are missing' })
  })
  test('an entry that was moved', () => {
    expect(of([line(1), line(3), line(2), line(4), line(5)])).toMatchObject({ seq: 2, kind: 'reordered' })
  })
  test('an entry that is there twice', () => {
    expect(of(five.lines.toSpliced(3, 0, line(2)))).toMatchObject({ seq: 2, kind: 'duplicated' })
  })
  test('an end that others know of', () => {
    expect(of(five.lines.slice(0, 3))).toMatchObject({ seq: 4, kind: 'truncated' })
    expect(of([])).toMatchObject({ seq: 1, kind: 'truncated' })
  })
  test('a whole log that was made anew', () => {
    const anew = chainOf([1, 2, 3, 4, 5, 6].map(() => record({ actor: 'nobody' })))
    expect(of(anew.lines)).toMatchObject({ seq: 5, kind: 'rewritten' })
  })
  test('the log of another node', () => {
    expect(verify(five.lines, { node: nodeId('other'), heads: [], after: null }).fault).toMatchObject({
      kind: 'edited',
    })
  })
  test('a beginning that was taken away', () => {
    expect(of(five.lines.slice(2))).toMatchObject({ seq: 1, kind: 'dropped' })
  })
})

test('given a log whose oldest part went to make room, then it is whole, and less than that is not', () => {
  const gone = five.heads[2] ?? { seq: 0, hash: '' }
  const { lines, heads } = chainOf([
    ...[1, 2, 3, 4, 5].map((i) => record({ object: `w${i}` })),
    droppedUpTo(node, gone, 3),
  ])
  expect(whole(lines.slice(3), heads).fault).toBeNull()
  expect(whole(lines.slice(4), heads).fault).toMatchObject({ seq: 4, kind: 'dropped' })
})

test('given words of any kind, then the line says the same when it is read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (actor, object) => {
      const link = linkAfter(null, record({ actor, object }), { node, at: 5 })
      expect(readLine(lineOf(link))).toEqual(link)
      expect(lineOf(link)).not.toContain('\n')
    }),
    { numRuns: 50 },
  )
})
