/** From start to end: what the agent relies on when it starts and stops. */
import { describe, expect, test } from 'vitest'
import { placementId } from '../../src/model/ids.ts'
import type { TaskStatus } from '../../src/ports/executor.ts'
import type { Bench, ExecutorAbilities } from './executor-bench.ts'
import { freshWorkload, never } from './executor-bench.ts'

export function lifeOfATask(bench: () => Bench, can: ExecutorAbilities): void {
  describe('from start to end', () => {
    test('names its engine and version', async () => {
      expect(await bench().play(bench().executor.version(never))).toMatch(/\S/)
    })

    test('a task that exits with 0 has ended without an error', async () => {
      const quick = bench().task([{ exit: 0 }])
      await bench().start(quick)
      expect(await bench().ended(quick.placement)).toMatchObject({ exitCode: 0, error: null })
    })

    test('any other exit code is reported, as NONZERO_EXIT', async () => {
      const failing = bench().task([{ exit: 3 }])
      await bench().start(failing)
      expect(await bench().ended(failing.placement)).toMatchObject({ exitCode: 3, error: { code: 'NONZERO_EXIT' } })
    })

    test('the environment arrives', async () => {
      const greeter = bench().task([{ printEnv: 'GREETING' }], { env: { GREETING: 'hello = "you"' } })
      await bench().start(greeter)
      await bench().ended(greeter.placement)
      expect(await bench().texts(greeter.placement)).toEqual(['hello = "you"'])
    })

    test('an entrypoint stands before the command', async () => {
      const whole = bench().task([{ print: 'from the entrypoint' }])
      const [first = '', ...command] = whole.spec.command
      const split = { ...whole, spec: { ...whole.spec, entrypoint: [first], command } }
      await bench().start(split)
      await bench().ended(split.placement)
      expect(await bench().texts(split.placement)).toEqual(['from the entrypoint'])
    })

    test('starting at the same time, again later, and after the end starts once', async () => {
      const once = bench().task([{ print: 'once' }, { wait: 300 }])
      await bench().play(Promise.all([bench().executor.start(once, never), bench().executor.start(once, never)]))
      await bench().start(once)
      await bench().ended(once.placement)
      await bench().start(once)
      expect(await bench().texts(once.placement)).toEqual(['once'])
    })

    test('status goes from starting over running to ended, never back, and names the task', async () => {
      const seen: TaskStatus[] = []
      const walker = bench().task([{ wait: 300 }, { exit: 4 }])
      const unsubscribe = bench().executor.onStatus((status) => void seen.push(status))
      await bench().start(walker)
      expect(bench().status(walker.placement)?.status.state).toBe('running')
      await bench().ended(walker.placement)
      unsubscribe()

      const states = seen.filter(({ placement }) => placement === walker.placement).map(({ status }) => status.state)
      expect(states.filter((state) => state !== 'starting')).toEqual(['running', 'ended'])
      expect(states.lastIndexOf('starting')).toBeLessThan(states.indexOf('running'))
      expect(bench().status(walker.placement)).toEqual(seen.at(-1))
      expect(seen.at(-1)).toMatchObject({ placement: walker.placement, workload: walker.workload, devices: [] })
    })

    test('a start that was called off leaves nothing behind', async () => {
      const unwanted = bench().task([{ wait: 60_000 }])
      await expect(
        bench().play(bench().executor.start(unwanted, AbortSignal.abort(new Error('called off')))),
      ).rejects.toThrow()
      expect(bench().status(unwanted.placement)).toBeNull()
    })

    test.runIf(can.images)('a missing image is IMAGE_NOT_FOUND, and nothing is left behind', async () => {
      const hopeless = bench().task([{ exit: 0 }], { image: 'claw/nothing-is-called-so:9' })
      await expect(bench().start(hopeless)).rejects.toMatchObject({ code: expect.stringMatching(/^IMAGE_/) as unknown })
      expect(bench().status(hopeless.placement)).toBeNull()
    })

    test.runIf(can.programs)('a missing program is CONTAINER_FAILED, at its start or as its end', async () => {
      expect(await bench().outcome(bench().task(['/no/such/program']))).toBe('CONTAINER_FAILED')
    })

    test.runIf(can.programs)('a program that itself exits with 127 is not taken for a missing one', async () => {
      expect(await bench().outcome(bench().task([{ exit: 127 }]))).toBe('NONZERO_EXIT')
    })
  })

  describe('limits', () => {
    test('a task that outlives its time-out is stopped and WORKLOAD_TIMEOUT', async () => {
      const slow = bench().task([{ wait: 60_000 }], { timeoutMs: 500 })
      await bench().start(slow)
      expect((await bench().ended(slow.placement)).error?.code).toBe('WORKLOAD_TIMEOUT')
    })

    test.runIf(can.oom)('a task that eats more memory than it may is OOM_KILLED', async () => {
      // Engines begin to watch the memory of a container when it has started, and never learn of what came before.
      const hungry = bench().task([{ onSignal: 'USR1', eatMemory: true }, { print: 'ready' }, { wait: 60_000 }], {
        memoryMib: 32,
      })
      await bench().start(hungry)
      await bench().firstLines(hungry.placement, 1)
      await bench().signal(hungry.placement, 'SIGUSR1')
      expect(await bench().ended(hungry.placement)).toMatchObject({ exitCode: 137, error: { code: 'OOM_KILLED' } })
    })

    test('a running task can be measured', async () => {
      const measured = bench().task([{ wait: 60_000 }])
      await bench().start(measured)
      const stats = await bench().play(bench().executor.stats(measured.placement, never))
      expect(stats.cpuPercent).toBeGreaterThanOrEqual(0)
      expect(stats.pids).toBeGreaterThanOrEqual(1)
    })
  })

  describe('stopping', () => {
    test('a task may end by itself when it is told to', async () => {
      const polite = bench().task([{ onTerm: 0 }, { print: 'ready' }, { wait: 60_000 }])
      await bench().start(polite)
      await bench().firstLines(polite.placement, 1)
      await bench().stop(polite.placement, 10_000)
      expect(bench().status(polite.placement)?.status).toMatchObject({ state: 'ended', exitCode: 0, error: null })
      expect(await bench().texts(polite.placement)).toEqual(['ready', 'bye'])
    })

    test('a task that does not listen is killed after the grace, and that is no error', async () => {
      const stubborn = bench().task([{ onTerm: 'ignore' }, { print: 'ready' }, { wait: 60_000 }])
      await bench().start(stubborn)
      await bench().firstLines(stubborn.placement, 1)
      await bench().stop(stubborn.placement, 100)
      expect(bench().status(stubborn.placement)?.status).toMatchObject({ state: 'ended', error: null })
    })

    test('a second stop that allows less time does not wait for the first', async () => {
      const stubborn = bench().task([{ onTerm: 'ignore' }, { print: 'ready' }, { wait: 60_000 }])
      await bench().start(stubborn)
      await bench().firstLines(stubborn.placement, 1)
      const { executor } = bench()
      const started = Date.now()
      await bench().play(
        Promise.all([executor.stop(stubborn.placement, 50_000), executor.stop(stubborn.placement, 100)]),
      )
      expect(bench().status(stubborn.placement)?.status).toMatchObject({ state: 'ended', error: null })
      expect(Date.now() - started).toBeLessThan(20_000)
    })

    test('a grace of nothing kills at once', async () => {
      const doomed = bench().task([{ onTerm: 0 }, { print: 'ready' }, { wait: 60_000 }])
      await bench().start(doomed)
      await bench().firstLines(doomed.placement, 1)
      await bench().stop(doomed.placement, 0)
      expect(await bench().texts(doomed.placement)).toEqual(['ready'])
    })

    test('stopping or removing what nobody knows, or has ended, is fine', async () => {
      const done = bench().task([{ exit: 3 }])
      await bench().start(done)
      const end = await bench().ended(done.placement)
      await bench().stop(done.placement, 0)
      expect(bench().status(done.placement)?.status).toEqual(end)

      const ghost = placementId(freshWorkload(), 1)
      await expect(bench().stop(ghost, 0)).resolves.toBeUndefined()
      await expect(bench().remove(ghost)).resolves.toBeUndefined()
      expect(bench().status(ghost)).toBeNull()
      await expect(bench().lines(ghost)).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
      await expect(bench().play(bench().executor.stats(ghost, never))).rejects.toMatchObject({
        code: 'WORKLOAD_NOT_FOUND',
      })
    })

    test('removing an ended task forgets it and its log', async () => {
      const done = bench().task([{ print: 'soon gone' }])
      await bench().start(done)
      await bench().ended(done.placement)
      await bench().remove(done.placement)
      expect(bench().status(done.placement)).toBeNull()
      await expect(bench().lines(done.placement)).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
      await bench().reopen()
      expect(await bench().adopt()).not.toContainEqual(expect.objectContaining({ placement: done.placement }))
    })
  })
}
