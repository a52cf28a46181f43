/** What a node has answered is kept for whoever asks again, and all that is kept is bounded. */
import { expect, test } from 'vitest'
import { ClawError } from '../../../src/model/failure.ts'
import { Replies } from '../../../src/operations/replies.ts'

const clock = { elapsed: () => 0 }
const limits = { entries: 100, bytes: 100_000, age: 60_000 }
const large = (letter: string): string => letter.repeat(60_000)

test('given large requests, what they asked for is not kept once they are answered', async () => {
  const replies = new Replies(clock, limits)
  for (const key of ['a', 'b', 'c', 'd'])
    await replies.once(key, large(key), { work: () => Promise.resolve(key), isFinal: () => true })
  expect(replies.size).toBe(4)
  expect(replies.bytes).toBeLessThan(4_000)
  const again = { work: () => Promise.resolve('again'), isFinal: () => true }
  expect(await replies.once('a', large('a'), again)).toBe('a')
  expect(() => replies.once('a', large('b'), again)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
})

test('given requests that are being carried out, no more of them are taken than have room', async () => {
  const replies = new Replies(clock, limits)
  const { promise, resolve } = Promise.withResolvers<string>()
  const open = { work: () => promise, isFinal: () => true }
  const first = replies.once('a', large('a'), open)
  expect(() => replies.once('b', large('b'), open)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
  resolve('done')
  await first
  await replies.once('b', large('b'), open)
  expect(replies.size).toBe(2)
})

test('given failures that are final, what they say counts too', async () => {
  const replies = new Replies(clock, { ...limits, bytes: 10_000 })
  const fails = (): Promise<unknown> => Promise.reject(new ClawError('INVALID_REQUEST', { problem: 'x'.repeat(2_000) }))
  for (const key of ['a', 'b', 'c', 'd', 'e'])
    await expect(replies.once(key, key, { work: fails, isFinal: () => true })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  expect(replies.bytes).toBeLessThanOrEqual(10_000)
  expect(replies.size).toBeGreaterThan(0)
})

test('given what is nested so deep that nobody can measure it, it reaches whoever asked, is not kept, and nothing else comes of it', async () => {
  const replies = new Replies(clock, limits)
  const deep: unknown = JSON.parse(`{"in":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)
  const failure = new ClawError('INVALID_REQUEST', deep as { problem: string })
  const isFinal = (): boolean => true
  const fails = { work: () => Promise.reject(failure), isFinal }
  expect(await replies.once('a', 'a', fails).catch((error: unknown) => error)).toBe(failure)
  expect(await replies.once('b', 'b', { work: () => Promise.resolve(deep), isFinal })).toBe(deep)
  await new Promise((resolve) => setImmediate(resolve))
  expect(replies.size).toBe(0)
})
