import { expect, test } from 'vitest'
import { assigned, holding, id, other, steps } from '../../../support/agent-samples.ts'

test('given devices of a placement that was taken back before it ran, then they are let go of, and the next one waits for them', () => {
  const given = { workloads: [assigned({ claimed: false })], ledger: new Map([holding('held', other)]) }
  expect(steps(given)).toEqual([{ do: 'record', placement: other, record: { type: 'release', placement: other } }])
  const notYet = { do: 'reject', placement: id, reason: `device GPU-0 is in use by ${other}` }
  expect(steps({ ...given, fresh: false })).toEqual([notYet])
  expect(
    steps({
      ...given,
      executors: new Map([
        ['docker', 'ready'],
        ['process', 'unknown'],
      ]),
    }),
  ).toEqual([notYet])
})
