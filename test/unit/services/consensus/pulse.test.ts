import { expect, test } from 'vitest'
import type { Clock } from '../../../../src/ports/clock.ts'
import { Pulse } from '../../../../src/services/consensus/pulse.ts'
import { World } from '../../../../src/simulation/world.ts'

/** Timers that come this much later than they were asked for. */
const lateClock = (world: World, by: number): Clock => ({
  now: () => world.now(),
  elapsed: () => world.elapsed(),
  after: (wait, run) => world.after(wait + by, run),
})

test('ticks come at the pace that was asked for, until it stops', async () => {
  const world = new World(1)
  let ticks = 0
  const pulse = new Pulse(world, 50, () => {
    ticks += 1
  })
  pulse.start()
  await world.runFor(1_000)
  expect([ticks, pulse.lateness]).toEqual([20, 0])
  pulse.stop()
  await world.runFor(1_000)
  expect(ticks).toBe(20)
})

test('timers that are always late are noticed', async () => {
  const world = new World(1)
  const pulse = new Pulse(lateClock(world, 400), 50, () => {})
  pulse.start()
  await world.runFor(30_000)
  expect(pulse.lateness).toBeGreaterThan(390)
})

test('one long stop says little', async () => {
  const world = new World(1)
  let by = 0
  const clock: Clock = { ...lateClock(world, 0), after: (wait, run) => world.after(wait + by, run) }
  const pulse = new Pulse(clock, 50, () => {})
  by = 60_000
  pulse.start()
  by = 0
  await world.runFor(60_060)
  expect(pulse.lateness).toBeLessThanOrEqual(200)
  await world.runFor(5_000)
  expect(pulse.lateness).toBeLessThan(1)
})
