import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Model, Operation } from '../../support/linearizable.ts'
import { isLinearizable } from '../../support/linearizable.ts'

type Input = { readonly write: number } | 'read'

/** One number that can be written and read. */
const register: Model<number, Input, number> = {
  initial: 0,
  step(state, input, output) {
    if (input !== 'read') return input.write
    return output === null || output === state ? state : null
  },
}

const operation = (
  input: Input,
  [calledAt, answeredAt]: readonly [number, number],
  output: number | null = 0,
): Operation<Input, number> => ({ input, output, calledAt, answeredAt })
const write = (value: number, span: readonly [number, number]) => operation({ write: value }, span)
const read = (value: number, span: readonly [number, number]) => operation('read', span, value)
const unanswered = (value: number, calledAt: number) => operation({ write: value }, [calledAt, Infinity], null)

describe('a history that some order explains is linearizable', () => {
  test.each([
    ['nothing', []],
    ['one after the other', [write(1, [0, 1]), read(1, [2, 3]), write(2, [4, 5]), read(2, [6, 7])]],
    ['a read beside a write sees what was before', [write(1, [0, 10]), read(0, [1, 2]), read(1, [3, 4])]],
    [
      'two writes at a time, in either order',
      [write(1, [0, 9]), write(2, [0, 9]), read(2, [10, 11]), read(2, [12, 13])],
    ],
    ['a write without an answer that happened', [unanswered(1, 0), read(0, [1, 2]), read(1, [3, 4])]],
    ['a write without an answer that never happened', [unanswered(1, 0), read(0, [1, 2]), read(0, [30, 40])]],
  ])('%s', (_, history) => {
    expect(isLinearizable(history, register)).toBe(true)
  })
})

describe('a history that no order explains is not', () => {
  test.each([
    ['a read of what was never written', [write(1, [0, 1]), read(2, [2, 3])]],
    ['a stale read', [write(1, [0, 1]), read(0, [2, 3])]],
    ['a read that goes back', [write(1, [0, 10]), read(1, [1, 2]), read(0, [3, 4])]],
    ['a write that is lost', [write(1, [0, 1]), write(2, [2, 3]), read(1, [4, 5])]],
    ['a write without an answer that comes and goes', [unanswered(1, 0), read(1, [1, 2]), read(0, [3, 4])]],
    ['a write that is seen before it was called', [read(1, [0, 1]), write(1, [2, 3])]],
  ])('%s', (_, history) => {
    expect(isLinearizable(history, register)).toBe(false)
  })
})

test('whatever a register that works one step at a time answers is linearizable, and with one read made stale it is not', () => {
  const call = fc.record({ write: fc.boolean(), before: fc.nat(20), after: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 12 }), (calls) => {
      let value = 0
      const history = calls.map(({ write: isWrite, before, after }, at) => {
        // It takes effect at the moment 100 × at, and its call and answer lie around that.
        const span = [100 * at - before * 10, 100 * at + after * 10] as const
        if (isWrite) value = at + 1
        return isWrite ? write(value, span) : read(value, span)
      })
      expect(isLinearizable(history, register)).toBe(true)
      expect(isLinearizable([...history, read(-1, [1e6, 1e6 + 1])], register)).toBe(false)
    }),
  )
})
