import { expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { meshId, nodeId } from '../../../../src/model/ids.ts'
import type { Executor } from '../../../../src/ports/executor.ts'
import { silent } from '../../../../src/ports/log.ts'
import { Adoption } from '../../../../src/services/agent/adoption.ts'

test('an executor that does not answer is told once for each reason, and once more when it is back', async () => {
  const answers = ['no socket', 'no socket', 'permission denied', 'permission denied', null, null]
  let asked = 0
  const adopt = (): Promise<never[]> => {
    const detail = answers[asked] ?? null
    asked += 1
    return detail === null
      ? Promise.resolve([])
      : Promise.reject(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail }))
  }
  const told: string[] = []
  const adoption = new Adoption({
    executors: new Map([['docker', { adopt } as unknown as Executor]]),
    mesh: meshId('mesh-0123'),
    node: nodeId('ada'),
    log: {
      ...silent,
      info: (message) => told.push(message),
      warn: (message, facts) => told.push(`${message}: ${String(facts?.['problem'])}`),
    },
    onFound: () => {},
  })
  for (let i = 0; i < answers.length; i += 1) await adoption.attempt(new AbortController().signal)
  expect(asked).toBe(5)
  expect(adoption.isComplete).toBe(true)
  expect(told).toEqual([
    'an executor does not answer yet: The docker executor does not answer: no socket.',
    'an executor does not answer yet: The docker executor does not answer: permission denied.',
    'an executor answers again',
  ])
})

test('given an executor that keeps everybody waiting, when the others are asked, then their tasks are known meanwhile', async () => {
  const late = Promise.withResolvers<never[]>()
  const adoption = new Adoption({
    executors: new Map([
      ['docker', { adopt: () => late.promise } as unknown as Executor],
      ['process', { adopt: () => Promise.resolve([]) } as unknown as Executor],
    ]),
    ...{ mesh: meshId('mesh-0123'), node: nodeId('ada'), log: silent, onFound: () => {} },
  })
  const asked = adoption.attempt(new AbortController().signal)
  await new Promise(setImmediate)
  expect([...adoption.readiness()]).toEqual([
    ['docker', 'unknown'],
    ['process', 'ready'],
  ])
  late.resolve([])
  await asked
  expect(adoption.isComplete).toBe(true)
})
