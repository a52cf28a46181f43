import { expect, test } from 'vitest'
import { startAll } from '../../../src/daemon/lifecycle.ts'
import type { Service } from '../../../src/ports/service.ts'

const part = (name: string, log: string[], fail: 'start' | 'stop' | null = null): Service => ({
  name,
  async start() {
    if (fail === 'start') throw new Error(`${name} cannot start`)
    log.push(`start ${name}`)
    await Promise.resolve()
  },
  async stop() {
    log.push(`stop ${name}`)
    await Promise.resolve()
    if (fail === 'stop') throw new Error(`${name} cannot stop`)
  },
})

test('parts start in order and stop in reverse', async () => {
  const log: string[] = []
  const stop = await startAll([part('a', log), part('b', log)])
  await stop()
  expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
})

test('when a part cannot start, those before it are stopped and the reason is thrown', async () => {
  const log: string[] = []
  await expect(startAll([part('a', log), part('b', log, 'start'), part('c', log)])).rejects.toThrow('b cannot start')
  expect(log).toEqual(['start a', 'stop a'])
})

test('a part that cannot stop does not keep the others from stopping, and is told', async () => {
  const log: string[] = []
  const stop = await startAll([part('a', log), part('b', log, 'stop')])
  await expect(stop()).rejects.toThrow('some parts did not stop cleanly')
  expect(log.slice(2)).toEqual(['stop b', 'stop a'])
})
