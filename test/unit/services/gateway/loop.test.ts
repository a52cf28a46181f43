import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { silent } from '../../../../src/ports/log.ts'
import { Loop } from '../../../../src/services/gateway/loop.ts'
import { World } from '../../../../src/simulation/world.ts'

let world: World
let runs: number[]

beforeEach(() => {
  world = new World(1)
  runs = []
})

const loop = (run: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()): Loop =>
  new Loop({ clock: world, log: silent }, { every: 1_000, pause: 10 }, async (signal) => {
    runs.push(world.elapsed())
    await run(signal)
  })

const takes = (ms: number) => async (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  world.after(ms, resolve)
  await promise
}

test('it runs at the start, and then every so often', async () => {
  loop().start()
  await world.runFor(2_500)
  expect(runs).toEqual([0, 1_000, 2_000])
})

test('what wakes it during a run leads to one more run, however often', async () => {
  const busy = loop(takes(100))
  busy.start()
  await world.runFor(50)
  for (let i = 0; i < 5; i += 1) busy.wake()
  await world.runFor(500)
  expect(runs).toEqual([0, 110])
})

test('many wakings at once lead to one run', async () => {
  const idle = loop()
  idle.start()
  await world.runFor(100)
  for (let i = 0; i < 5; i += 1) idle.wake()
  await world.runFor(100)
  expect(runs).toEqual([0, 110])
})

test('a failure is no end: it is tried again', async () => {
  loop(() => Promise.reject(new ClawError('NO_LEADER', { detail: 'for the test' }))).start()
  await world.runFor(1_500)
  expect(runs).toEqual([0, 1_000])
})

test('stopped, it waits for its run, and runs no more until it is started again', async () => {
  const busy = loop(takes(100))
  busy.start()
  await world.runFor(50)
  let isStopped = false
  const stopped = busy.stop().then(() => {
    isStopped = true
  })
  await world.runFor(49)
  expect(isStopped).toBe(false)
  await world.runFor(5_000)
  await stopped
  busy.wake()
  await world.runFor(5_000)
  expect(runs).toEqual([0])

  const before = world.elapsed()
  busy.start()
  await world.runFor(50)
  expect(runs).toEqual([0, before])
})

test('a run is told when the loop stops', async () => {
  const seen: unknown[] = []
  const listening = loop((signal) => {
    signal.addEventListener('abort', () => seen.push(signal.reason))
    return takes(100)()
  })
  listening.start()
  const stopped = listening.stop()
  await world.runFor(200)
  await stopped
  expect(seen).toMatchObject([{ code: 'NO_LEADER' }])
})
