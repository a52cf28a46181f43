import { expect, test } from 'vitest'
import { thenReopen } from '../../../src/daemon/upgrade/then-reopen.ts'

const fails = (message: string) => () => Promise.reject(new Error(message))
const works = (): Promise<void> => Promise.resolve()

test('given a build that does not start, when its node cannot be opened either, then the cause is thrown and the way out told', async () => {
  const told: string[] = []
  const done = thenReopen('ada', fails('it does not start'), fails('nothing answers'), (line) => told.push(line))
  await expect(done).rejects.toThrow('it does not start')
  expect(told).toEqual(['ada is still draining (nothing answers); once it answers: clawbernetes node undrain ada'])
})

test('given work that is done, when the node cannot be opened, then that is the failure', async () => {
  await expect(thenReopen('ada', works, fails('nothing answers'), () => {})).rejects.toThrow('nothing answers')
})
