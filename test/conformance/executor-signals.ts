/** What the agent relies on when it has a task save. */
import { describe, expect, test } from 'vitest'
import { placementId } from '../../src/model/ids.ts'
import type { Bench, ExecutorAbilities } from './executor-bench.ts'
import { freshWorkload } from './executor-bench.ts'
import type { Program } from './program.ts'

export function signalsOfATask(bench: () => Bench, can: ExecutorAbilities): void {
  describe('signals', () => {
    // A shell that is told something waits no longer, so it waits twice.
    const saving: Program = [
      { onSignal: 'USR1', print: 'saved' },
      { print: 'ready' },
      { wait: 60_000 },
      { wait: 60_000 },
    ]

    test('a task that handles a signal does so and goes on', async () => {
      const saver = bench().task(saving)
      await bench().start(saver)
      await bench().firstLines(saver.placement, 1)
      await bench().signal(saver.placement, 'SIGUSR1')
      expect((await bench().firstLines(saver.placement, 2)).map(({ text }) => text)).toEqual(['ready', 'saved'])
      expect(bench().status(saver.placement)?.status.state).toBe('running')
      await bench().stop(saver.placement, 0)
    })

    test('a task that ends by itself when it is told something has ended as any other', async () => {
      const leaver = bench().task([{ onSignal: 'USR2', exit: 7 }, { print: 'ready' }, { wait: 60_000 }])
      await bench().start(leaver)
      await bench().firstLines(leaver.placement, 1)
      await bench().signal(leaver.placement, 'SIGUSR2')
      expect(await bench().ended(leaver.placement)).toMatchObject({ exitCode: 7, error: { code: 'NONZERO_EXIT' } })
    })

    test('a signal that a task does not handle ends it, or means nothing', async () => {
      const deaf = bench().task([{ print: 'ready' }, { wait: 60_000 }])
      await bench().start(deaf)
      await bench().firstLines(deaf.placement, 1)
      await bench().signal(deaf.placement, 'SIGCONT')
      expect(bench().status(deaf.placement)?.status.state).toBe('running')
      await bench().signal(deaf.placement, 'SIGUSR1')
      expect((await bench().ended(deaf.placement)).error?.code).toBe('NONZERO_EXIT')
    })

    test.runIf(can.keepsTasks)('a task of an earlier daemon hears them too', async () => {
      const saver = bench().task(saving)
      await bench().start(saver)
      await bench().firstLines(saver.placement, 1)
      await bench().reopen()
      await bench().adopt()
      await bench().signal(saver.placement, 'SIGUSR1')
      expect((await bench().firstLines(saver.placement, 2)).map(({ text }) => text)).toEqual(['ready', 'saved'])
    })

    test('signalling what nobody knows, or has ended, is fine', async () => {
      const done = bench().task([{ exit: 3 }])
      await bench().start(done)
      const end = await bench().ended(done.placement)
      await bench().signal(done.placement, 'SIGUSR1')
      expect(bench().status(done.placement)?.status).toEqual(end)
      await expect(bench().signal(placementId(freshWorkload(), 1), 'SIGUSR1')).resolves.toBeUndefined()
    })
  })
}
