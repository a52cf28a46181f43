import { expect, test } from 'vitest'
import { EventLoopService } from '../../../src/daemon/event-loop.ts'
import { World } from '../../../src/simulation/world.ts'

test('given a loop that was held up, when ten seconds have passed, then its worst delay is told', async () => {
  const world = new World(1)
  const told = new Map<string, number>()
  const metrics = {
    count() {},
    observe() {},
    gauge: (name: string, value: number, labels: Readonly<Record<string, string>> = {}) =>
      void told.set(`${name} ${labels['quantile'] ?? ''}`, value),
  }
  const service = new EventLoopService({ clock: world, metrics })
  await service.start()
  await passed(150)
  hold(200)
  await passed(150)
  await world.runFor(10_000)
  expect(told.get('claw_daemon_eventloop_delay_ms max')).toBeGreaterThanOrEqual(140)
  expect(told.get('claw_daemon_eventloop_delay_ms p50')).toBeLessThan(140)
  await service.stop()
  told.clear()
  await world.runFor(20_000)
  expect(told.size).toBe(0)
})

/** The real loop is what is measured, so real time has to pass. */
const passed = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

function hold(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
