/** What the market relies on when a buyer has not paid. Only executors that can pause are asked. */
import { describe, expect, test } from 'vitest'
import { placementId } from '../../src/model/ids.ts'
import type { Bench } from './executor-bench.ts'
import { freshWorkload } from './executor-bench.ts'
import type { Program } from './program.ts'

export function pausesOfATask(bench: () => Bench): void {
  describe('pauses', () => {
    const late: Program = [{ print: 'ready' }, { wait: 300 }, { print: 'later' }, { wait: 60_000 }]

    /** Returns when a second of the executor's own time is over, and which moment that was. */
    async function aSecond(): Promise<number> {
      const watch = bench().task([{ wait: 1_000 }, { exit: 0 }])
      await bench().start(watch)
      return (await bench().ended(watch.placement)).endedAt
    }

    test('a task that is held still does nothing until it may go on', async ({ skip }) => {
      skip(!bench().canPause)
      const held = bench().task(late)
      await bench().start(held)
      await bench().firstLines(held.placement, 1)
      await bench().pause(held.placement)
      await bench().pause(held.placement)
      const resumed = await aSecond()
      expect(bench().status(held.placement)?.status.state).toBe('running')
      await bench().resume(held.placement)
      await bench().resume(held.placement)
      const [, line] = await bench().firstLines(held.placement, 2)
      expect(line?.text).toBe('later')
      expect(line?.at).toBeGreaterThanOrEqual(resumed)
      await bench().stop(held.placement, 0)
    })

    test('one that is held still is stopped as any other, gently or not', async ({ skip }) => {
      skip(!bench().canPause)
      for (const grace of [5_000, 0]) {
        const held = bench().task([{ onTerm: 0 }, { print: 'ready' }, { wait: 60_000 }])
        await bench().start(held)
        await bench().firstLines(held.placement, 1)
        await bench().pause(held.placement)
        await bench().stop(held.placement, grace)
        expect(await bench().ended(held.placement)).toMatchObject({ error: null, exitCode: grace > 0 ? 0 : 137 })
      }
    })

    test('a later daemon finds it running and lets it go on', async ({ skip }) => {
      skip(!bench().canPause)
      const held = bench().task(late)
      await bench().start(held)
      await bench().firstLines(held.placement, 1)
      await bench().pause(held.placement)
      await bench().reopen()
      const found = await bench().adopt()
      expect(found.find(({ placement }) => placement === held.placement)?.status.state).toBe('running')
      const resumed = await aSecond()
      await bench().resume(held.placement)
      const [, line] = await bench().firstLines(held.placement, 2)
      expect(line?.at).toBeGreaterThanOrEqual(resumed)
      await bench().stop(held.placement, 0)
    })

    test('pausing what nobody knows, or has ended, is fine', async ({ skip }) => {
      skip(!bench().canPause)
      const done = bench().task([{ exit: 3 }])
      await bench().start(done)
      const end = await bench().ended(done.placement)
      await bench().pause(done.placement)
      await bench().resume(done.placement)
      expect(bench().status(done.placement)?.status).toEqual(end)
      await expect(bench().pause(placementId(freshWorkload(), 1))).resolves.toBeUndefined()
    })
  })
}
