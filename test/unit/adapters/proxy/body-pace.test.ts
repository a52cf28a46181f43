import { beforeEach, expect, test } from 'vitest'
import { BodyWatch } from '../../../../src/adapters/proxy/body-pace.ts'

const pace = { perSecond: 100, withinMs: 10_000 }

/** A body under way, and how far it has come. */
function body() {
  const request = { complete: false, readableLength: 0, readableHighWaterMark: 64, socket: { bytesRead: 500 } }
  return { request, response: { writableEnded: false }, cuts: 0 }
}

let watch: BodyWatch
let one: ReturnType<typeof body>

beforeEach(() => {
  watch = new BodyWatch(pace)
  one = body()
  watch.watch({ ...one, cut: () => (one.cuts += 1) })
})

test('given a body that comes fast enough in each span, when it takes long, then it is let be', () => {
  for (let i = 0; i < 20; i += 1) {
    one.request.socket.bytesRead += 500
    watch.look(5_000)
  }
  expect(one.cuts).toBe(0)
})

test('given a body that begins fast and goes on byte by byte, when a span is over, then it is cut once', () => {
  one.request.socket.bytesRead += 1_000_000
  watch.look(10_000)
  expect(one.cuts).toBe(0)
  for (let i = 0; i < 5; i += 1) {
    one.request.socket.bytesRead += 100
    watch.look(5_000)
  }
  expect(one.cuts).toBe(1)
})

test('given a replica that takes nothing, when the sender has to wait for it, then its time is not counted', () => {
  one.request.readableLength = 64
  for (let i = 0; i < 20; i += 1) watch.look(5_000)
  expect(one.cuts).toBe(0)
  one.response.writableEnded = true
  watch.look(10_000)
  expect(one.cuts).toBe(1)
})

test('given a body that has ended, when its answer takes as long as it likes, then nothing is cut', () => {
  one.request.complete = true
  for (let i = 0; i < 20; i += 1) watch.look(5_000)
  expect(one.cuts).toBe(0)
})
