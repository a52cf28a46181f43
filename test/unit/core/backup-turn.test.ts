import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextInTurn } from '../../../src/core/backup/turn.ts'

const waiting = fc.array(
  fc.record({ namespace: fc.constantFrom('a', 'b', 'c'), createdAt: fc.nat(9), id: fc.uuid() }),
  { minLength: 1, maxLength: 12 },
)

test('given what waits in several namespaces, then each gets its turn before any has two, and its oldest goes first', () => {
  fc.assert(
    fc.property(waiting, (all) => {
      let left = all
      let last = ''
      while (left.length > 0) {
        const round = new Set(left.map(({ namespace }) => namespace)).size
        const turns = []
        for (let i = 0; i < round; i += 1) {
          const next = nextInTurn(left, last)
          if (next === undefined) throw new Error('nobody had a turn')
          const own = left.filter(({ namespace }) => namespace === next.namespace)
          expect(next.createdAt).toBe(Math.min(...own.map(({ createdAt }) => createdAt)))
          left = left.filter((one) => one !== next)
          last = next.namespace
          turns.push(last)
        }
        expect(new Set(turns).size).toBe(round)
      }
    }),
  )
})
