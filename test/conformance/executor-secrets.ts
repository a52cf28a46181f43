/** Secrets: what a task is given reaches it and nobody else, in one piece, for as long as it runs. */
import { existsSync, readdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { ClawError } from '../../src/model/failure.ts'
import type { Task } from '../../src/ports/executor.ts'
import { canary, findsIn } from '../support/canary.ts'
import type { Bench, ExecutorAbilities } from './executor-bench.ts'
import { never } from './executor-bench.ts'
import { commandLines, contentsOf } from './traces.ts'

const path = '/run/secrets/db'
const file = (value: string, at = path) => ({ path: at, data: new TextEncoder().encode(value), isSecret: true })
const tmpfs = 0x01021994

export function secretsOfATask(bench: () => Bench, can: ExecutorAbilities): void {
  const texts = async (task: Task): Promise<string[]> => {
    await bench().ended(task.placement)
    return bench().texts(task.placement)
  }
  const inMemory = (): readonly string[] => {
    const { memory } = bench().rig
    return memory !== null && existsSync(memory) ? readdirSync(memory) : []
  }

  describe('secrets', () => {
    test('arrive as a variable and as a file, whole, whatever is in them', async () => {
      const odd = 'a "b" $HOME \'c\' \\d ü'
      const given = { secretEnv: { DB: odd }, files: [file('line one\nline "two"')] }
      const task = { ...bench().task([{ printEnv: 'DB' }, { printFile: path }]), ...given }
      await bench().start(task)
      expect(await texts(task)).toEqual([odd, 'line one', 'line "two"'])
    })

    test('stand in no command line, and in nothing that the executor keeps or its engine shows', async () => {
      const [inFile, inEnv] = [canary(), canary()]
      const given = { secretEnv: { DB: inEnv.value }, files: [file(inFile.value)] }
      const task = { ...bench().task([{ wait: 60_000 }]), ...given }
      await bench().start(task)
      const shown = await bench().rig.traces()
      const hidden = can.showsEnvironment ? [inFile] : [inFile, inEnv]
      expect(shown.flatMap((bytes) => findsIn('traces', bytes, hidden))).toEqual([])
      expect(commandLines().flatMap((bytes) => findsIn('command lines', bytes, [inFile, inEnv]))).toEqual([])
      const { memory } = bench().rig
      if (memory !== null) {
        expect((await statfs(memory)).type).toBe(tmpfs)
        expect(contentsOf(memory).flatMap((bytes) => findsIn('memory', bytes, [inFile]))).not.toEqual([])
        expect(contentsOf(memory).flatMap((bytes) => findsIn('memory', bytes, [inEnv]))).toEqual([])
      }
      await bench().stop(task.placement, 0)
    })

    test.skipIf(can.files === 'none')('are readable by the user of the task alone', async () => {
      const task = { ...bench().task([{ printMode: path }]), files: [file('x')] }
      await bench().start(task)
      expect(await texts(task)).toEqual([`400 ${process.getuid?.() ?? 0}`])
    })

    test.skipIf(can.files !== 'alone')(
      'belong to the user that the container runs as, and nobody changes them',
      async () => {
        const program = [{ printMode: path }, { printFile: path }, { tryWriting: path }] as const
        const task = { ...bench().task(program, { user: '65534' }), files: [file('for nobody')] }
        await bench().start(task)
        expect(await texts(task)).toEqual(['400 65534', 'for nobody', 'refused'])
        const root = { ...bench().task([{ tryWriting: path }]), files: [file('for root')] }
        await bench().start(root)
        expect(await texts(root)).toEqual(['refused'])
      },
    )

    test('of a further attempt are the newer ones, and one that runs keeps what it was given', async () => {
      const program = [{ wait: 600 }, { printEnv: 'DB' }, { printFile: path }] as const
      const given = (version: string) => ({
        ...bench().task(program),
        ...{ secretEnv: { DB: `env-${version}` }, files: [file(`file-${version}`)] },
      })
      const [old, fresh] = [given('1'), given('2')]
      await bench().start(old)
      await bench().start(fresh)
      // What is given to the same attempt again changes nothing: it has been started.
      await bench().start({ ...old, secretEnv: { DB: 'env-3' }, files: [file('file-3')] })
      expect(await texts(old)).toEqual(['env-1', 'file-1'])
      expect(await texts(fresh)).toEqual(['env-2', 'file-2'])
    })

    test.skipIf(!can.keepsTasks)(
      'stay for a task that runs on when the daemon starts anew, and go with its end',
      async () => {
        const task = { ...bench().task([{ wait: 1_500 }, { printFile: path }]), files: [file('kept')] }
        await bench().start(task)
        await bench().reopen()
        await bench().adopt()
        expect(await texts(task)).toEqual(['kept'])
        await bench().remove(task.placement)
        expect(inMemory()).toEqual([])
      },
    )

    test('are gone from memory when the task has ended and is removed, and when it could not be started', async () => {
      const task = { ...bench().task([{ exit: 0 }]), files: [file('x')] }
      await bench().start(task)
      await bench().ended(task.placement)
      await bench().remove(task.placement)
      expect(inMemory()).toEqual([])
      if (!can.programs) return
      const broken = { ...bench().task(['/no/such/program']), files: [file('x')] }
      const outcome = await bench().outcome(broken)
      expect(outcome).not.toBe(null)
      await bench().remove(broken.placement)
      expect(inMemory()).toEqual([])
    })

    test.skipIf(can.files === 'none')(
      'two that cannot both be there keep a task from starting, and leave nothing',
      async () => {
        const both = [file('x'), file('y', `${path}/below`)]
        const task = { ...bench().task([{ exit: 0 }]), files: both }
        const started = bench().play(bench().executor.start(task, never))
        await expect(started).rejects.toSatisfy((error) => ClawError.is(error, 'CONTAINER_FAILED'))
        expect(inMemory()).toEqual([])
      },
    )
  })
}
