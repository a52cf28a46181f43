import fc from 'fast-check'
import { expect, test, vi, afterEach, beforeEach } from 'vitest'
import { forSlowReader } from '../../../../src/adapters/docker/slow-reader.ts'
import type { ExecOutput } from '../../../../src/ports/exec.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const patience = { bytes: 10, ms: 1_000 }
const note = (bytes: number): ExecOutput => ({ stream: 'stderr', data: Buffer.from(`lost ${bytes}`) })
const text = ({ data }: ExecOutput): string => Buffer.from(data).toString()

/** Prints each of these, and says how far it has come. */
function printing(words: readonly string[]) {
  const printed = { count: 0, isOver: false }
  async function* source(): AsyncGenerator<ExecOutput> {
    for (const word of words) {
      printed.count += 1
      yield await Promise.resolve({ stream: 'stdout', data: Buffer.from(word) })
    }
    printed.isOver = true
  }
  return { printed, source: source() }
}

async function rest(outputs: AsyncIterable<ExecOutput>): Promise<readonly string[]> {
  const all: string[] = []
  for await (const output of outputs) all.push(text(output))
  return all
}

const words = ['aaaaa', 'bbbbb', 'ccccc', 'ddddd']

test('given nobody who reads, when its patience is over, all is read, and what did not fit is counted', async () => {
  const { printed, source } = printing(words)
  const outputs = forSlowReader(source, patience, note)
  await vi.advanceTimersByTimeAsync(patience.ms - 1)
  expect(printed).toEqual({ count: 3, isOver: false })
  await vi.advanceTimersByTimeAsync(1)
  expect(printed.isOver).toBe(true)
  expect(await rest(outputs)).toEqual(['aaaaa', 'bbbbb', 'lost 10'])
})

test('given a reader who is slow, but reads, it loses nothing', async () => {
  const outputs = forSlowReader(printing(words).source, patience, note)[Symbol.asyncIterator]()
  const seen: string[] = []
  while (seen.length < words.length) {
    await vi.advanceTimersByTimeAsync(patience.ms - 1)
    const { done, value } = (await outputs.next()) as IteratorResult<ExecOutput, undefined>
    if (done === true) break
    seen.push(text(value))
  }
  expect(seen).toEqual(words)
})

test('given a reader who comes back, when there is room again, it is told of the loss where it was', async () => {
  const gate = Promise.withResolvers<null>()
  async function* source(): AsyncGenerator<ExecOutput> {
    yield* printing(words).source
    await gate.promise
    yield { stream: 'stdout', data: Buffer.from('later') }
  }
  const outputs = forSlowReader(source(), patience, note)
  await vi.advanceTimersByTimeAsync(patience.ms)
  const seen: string[] = []
  for await (const output of outputs) {
    seen.push(text(output))
    gate.resolve(null)
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(seen).toEqual(['aaaaa', 'bbbbb', 'lost 10', 'later'])
})

test('given a source that uses its memory again, what is kept stays as it was', async () => {
  const memory = Buffer.alloc(3)
  async function* source(): AsyncGenerator<ExecOutput> {
    for (const word of ['one', 'two', 'six']) {
      memory.write(word)
      yield await Promise.resolve({ stream: 'stdout', data: memory })
    }
  }
  const outputs = forSlowReader(source(), patience, note)
  await vi.advanceTimersByTimeAsync(0)
  expect(await rest(outputs)).toEqual(['one', 'two', 'six'])
})

test('given a source that fails, the reader gets what was there, and then the failure', async () => {
  async function* source(): AsyncGenerator<ExecOutput> {
    yield await Promise.resolve({ stream: 'stdout' as const, data: Buffer.from('a') })
    throw new Error('broken')
  }
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const output of forSlowReader(source(), patience, note)) seen.push(text(output))
  }
  await expect(read()).rejects.toThrow('broken')
  expect(seen).toEqual(['a'])
})

test('whatever is printed, and however it is read, it is shown or counted', async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 })
  const pauses = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(pieces, pauses, async (lengths, waits) => {
      const source = printing(lengths.map((length) => 'x'.repeat(length))).source
      let [shown, lost, turn] = [0, 0, 0]
      const read = async (): Promise<void> => {
        for await (const output of forSlowReader(source, patience, note)) {
          const bytes = /^lost (\d+)$/.exec(text(output))?.[1]
          if (bytes === undefined) shown += output.data.length
          else lost += Number(bytes)
          await vi.advanceTimersByTimeAsync(waits[turn] ?? 0)
          turn += 1
        }
      }
      await read()
      expect(shown + lost).toBe(lengths.reduce((sum, length) => sum + length, 0))
    }),
    { numRuns: 50 },
  )
})
