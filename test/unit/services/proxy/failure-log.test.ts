import { expect, test } from 'vitest'
import { silent } from '../../../../src/ports/log.ts'
import { FailureLog } from '../../../../src/services/proxy/failure-log.ts'

test('given many failures, when they are told, then the first is, and then their number', () => {
  const said: unknown[] = []
  const timers: (() => void)[] = []
  const clock = {
    after: (_: number, run: () => void) => {
      timers.push(run)
      return () => {}
    },
  }
  const failures = new FailureLog(
    { clock, log: { ...silent, error: (_, facts) => void said.push(facts) } },
    'it failed',
  )
  for (const error of ['one', 'two', 'three']) failures.add(error)
  expect(said).toEqual([{ error: 'one' }])
  timers[0]?.()
  expect(said[1]).toEqual({ count: 2 })
  failures.add('four')
  timers[1]?.()
  expect(said.slice(2)).toEqual([{ error: 'four' }])
})
