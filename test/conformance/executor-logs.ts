/** What readers of logs rely on. */
import { describe, expect, test } from 'vitest'
import type { Bench } from './executor-bench.ts'
import type { Program } from './program.ts'

export function logsOfATask(bench: () => Bench): void {
  describe('logs', () => {
    const chatty: Program = [
      { print: 'one' },
      { wait: 50 },
      { print: 'two', to: 'stderr' },
      { wait: 50 },
      { print: '' },
      { print: 'four' },
    ]

    test('hold every line with its stream, in order, at rising positions', async () => {
      const talker = bench().task(chatty)
      await bench().start(talker)
      await bench().ended(talker.placement)
      const read = await bench().lines(talker.placement)
      expect(read.map(({ stream, text }) => `${stream}: ${text}`)).toEqual([
        'stdout: one',
        'stderr: two',
        'stdout: ',
        'stdout: four',
      ])
      const positions = read.map(({ position }) => position)
      expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b))
    })

    test('can be asked for the last lines only, and the lines keep their positions', async () => {
      const talker = bench().task(chatty)
      await bench().start(talker)
      await bench().ended(talker.placement)
      expect(await bench().lines(talker.placement, { tail: 2 })).toEqual(
        (await bench().lines(talker.placement)).slice(-2),
      )
      expect(await bench().lines(talker.placement, { tail: 0 })).toEqual([])
    })

    test('go on from any position without gap or repeat', async () => {
      const talker = bench().task(chatty)
      await bench().start(talker)
      await bench().ended(talker.placement)
      const read = await bench().lines(talker.placement)
      for (const [i, { position }] of read.entries())
        expect(await bench().lines(talker.placement, { from: position })).toEqual(read.slice(i + 1))
    })

    test('followed from the start, they end with the task', async () => {
      const talker = bench().task([...chatty, { wait: 200 }, { print: 'five' }])
      await bench().start(talker)
      expect(await bench().texts(talker.placement, { follow: true })).toEqual(['one', 'two', '', 'four', 'five'])
      expect(bench().status(talker.placement)).not.toBeNull()
    })

    test('a follower that went away can go on where it was', async () => {
      const talker = bench().task([{ print: 'one' }, { print: 'two' }, { wait: 200 }, { print: 'three' }])
      await bench().start(talker)
      const first = await bench().firstLines(talker.placement, 1)
      const rest = await bench().texts(talker.placement, { follow: true, from: first.at(-1)?.position ?? null })
      expect([...first.map(({ text }) => text), ...rest]).toEqual(['one', 'two', 'three'])
    })

    test('stop when the reader is called off, with its reason', async () => {
      const silent = bench().task([{ print: 'one' }, { wait: 60_000 }])
      await bench().start(silent)
      await expect(bench().calledOff(silent.placement, new Error('enough'))).rejects.toThrow('enough')
    })

    test('a line without end comes in pieces of at most 64 KiB, of which none is lost', async () => {
      const screamer = bench().task([{ printLong: 150_000 }, { print: 'done' }])
      await bench().start(screamer)
      await bench().ended(screamer.placement)
      const read = await bench().texts(screamer.placement)
      expect(Math.max(...read.map((text) => text.length))).toBeLessThanOrEqual(65_536)
      expect(read.slice(0, -1).join('')).toBe('x'.repeat(150_000))
      expect(read.at(-1)).toBe('done')
    })
  })
}
