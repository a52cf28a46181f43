import { beforeEach, expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import type { PlacementId } from '../../../src/model/ids.ts'
import { placementId } from '../../../src/model/ids.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

let mesh: OperationsMesh
let service: OperationService

beforeEach(async () => {
  mesh = new OperationsMesh()
  service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
  mesh.apply(submit('wl-a', {}, 'job'))
})

type Line = OutputOf<'workload.logs'>

function read(input: Partial<InputOf<'workload.logs'>>): {
  readonly lines: Line[]
  readonly done: Promise<void>
  stop(): void
} {
  const stop = new AbortController()
  const lines: Line[] = []
  const done = (async () => {
    const asker = { caller: admin, signal: stop.signal }
    for await (const item of service.open('workload.logs', { workload: 'job', ...input }, asker))
      lines.push(item as Line)
  })()
  done.catch(() => 'looked at by the test')
  return { lines, done, stop: () => { stop.abort() } } // prettier-ignore
}

function logOf(placement: PlacementId, ...texts: readonly string[]): FakeLog {
  const log = new FakeLog()
  mesh.logs.set(placement, log)
  log.write(...texts)
  return log
}

const texts = (lines: readonly Line[]): string[] => lines.map(({ text }) => text)

test('what a workload on another node has printed so far', async () => {
  logOf(mesh.running(mesh.idOf('job'), bob), 'one', 'two')
  const { lines, done } = read({})
  await play(mesh.world, done)
  expect(lines).toMatchObject([
    { position: 1, stream: 'stdout', text: 'one', attempt: 1 },
    { position: 2, stream: 'stdout', text: 'two', attempt: 1 },
  ])
})

test('given more output than one answer holds, when its last lines are asked for, then that is refused with another way', async () => {
  const line = 'x'.repeat(1_024 * 1_024)
  logOf(mesh.running(mesh.idOf('job'), ada), ...Array.from({ length: 17 }, () => line))
  const asker = { caller: admin, signal: new AbortController().signal }
  const all = service.invoke('log.lines', { workload: 'job', lines: 100 }, asker)
  await expect(play(mesh.world, all)).rejects.toMatchObject({
    code: 'TOO_LARGE',
    message: expect.stringContaining('text/event-stream') as string,
  })
  const some = await play(mesh.world, service.invoke('log.lines', { workload: 'job', lines: 2 }, asker))
  expect(some).toHaveLength(2)
}, 30_000)

test('what waits or starts has printed nothing', async () => {
  const waiting = read({})
  await play(mesh.world, waiting.done)
  mesh.place(mesh.idOf('job'), bob)
  const starting = read({})
  await play(mesh.world, starting.done)
  expect([waiting.lines, starting.lines]).toEqual([[], []])
})

test('followed from before it is placed, it is told from the first line to the last', async () => {
  const { lines, done } = read({ follow: true })
  await mesh.world.runFor(100)
  const placement = mesh.running(mesh.idOf('job'), bob)
  const log = logOf(placement, 'one')
  await mesh.world.runFor(1_000)
  log.write('two')
  await mesh.world.runFor(100)
  expect(texts(lines)).toEqual(['one', 'two'])
  log.write('three')
  log.end()
  mesh.ended(placement, bob)
  await play(mesh.world, done)
  expect(texts(lines)).toEqual(['one', 'two', 'three'])
})

test('when the connection breaks in the middle, no line is lost and none comes twice', async () => {
  const placement = mesh.running(mesh.idOf('job'), bob)
  const log = logOf(placement, 'one', 'two')
  const { lines, done } = read({ follow: true })
  await mesh.world.runFor(1_000)
  log.breakOff(new ClawError('NODE_UNREACHABLE', { node: 'bob', detail: 'test' }))
  log.write('three')
  await mesh.world.runFor(2_000)
  expect(texts(lines)).toEqual(['one', 'two', 'three'])
  expect(log.opened).toBe(2)
  log.end()
  mesh.ended(placement, bob)
  await play(mesh.world, done)
})

test('when the node crashes and comes back, the log goes on where it was', async () => {
  const placement = mesh.running(mesh.idOf('job'), bob)
  const log = logOf(placement, 'one')
  const { lines, done, stop } = read({ follow: true })
  await mesh.world.runFor(1_000)
  mesh.network.crash(bob)
  log.write('two')
  await mesh.world.runFor(5_000)
  await mesh.service(bob)
  await mesh.world.runFor(5_000)
  expect(texts(lines)).toEqual(['one', 'two'])
  stop()
  await play(mesh.world, done)
})

test('when the work gets another node, the log is that of the other node from its beginning', async () => {
  const id = mesh.idOf('job')
  mesh.apply({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
  const { lines, done } = read({ follow: true })
  await mesh.world.runFor(1_000)
  mesh.apply({ type: 'withdraw', placement: placementId(id, 1), reason: 'silent' })
  const second = mesh.running(id, ada)
  logOf(second, 'one', 'two').end()
  await mesh.world.runFor(1_000)
  mesh.ended(second, ada)
  await play(mesh.world, done)
  expect(lines).toMatchObject([
    { attempt: 2, text: 'one' },
    { attempt: 2, text: 'two' },
  ])
})

test('resuming after a position tells only what came later', async () => {
  logOf(mesh.running(mesh.idOf('job'), bob), 'one', 'two', 'three')
  const { lines, done } = read({ attempt: 1, from: 2 })
  await play(mesh.world, done)
  expect(texts(lines)).toEqual(['three'])
})

test('the log of an ended workload whose node is gone is refused at once', async () => {
  const placement = mesh.running(mesh.idOf('job'), bob)
  logOf(placement, 'one').end()
  mesh.ended(placement, bob)
  mesh.network.crash(bob)
  await expect(play(mesh.world, read({ follow: true }).done)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})

test.each([false, true])('output that the node no longer keeps is said to be gone (follow: %s)', async (follow) => {
  mesh.ended(mesh.running(mesh.idOf('job'), bob), bob)
  await expect(play(mesh.world, read({ follow }).done)).rejects.toMatchObject({
    code: 'LOGS_GONE',
    message: 'The output of job is no longer kept on bob.',
  })
})
