/** What operations rely on when they run a further command in a task, or reach one of its ports. */
import { describe, expect, test } from 'vitest'
import { placementId } from '../../src/model/ids.ts'
import type { ExecRequest } from '../../src/ports/exec.ts'
import type { Bench, ExecutorAbilities } from './executor-bench.ts'
import { freshWorkload, never } from './executor-bench.ts'
import type { Program } from './program.ts'
import { answerKeys, detachKeysTyped } from '../support/answer-keys.ts'

const resident: Program = [{ print: 'ready' }, { wait: 60_000 }, { wait: 60_000 }]
const size = { columns: 91, rows: 33 }

interface Result {
  stdout: string
  stderr: string
  exitCode: number
}

export function execInATask(bench: () => Bench, can: ExecutorAbilities): void {
  const command = (program: Program): string[] => [...bench().task(program).spec.command]

  const running = async () => {
    const task = bench().task(resident, { env: { GREETING: 'hello' } })
    await bench().start(task)
    await bench().firstLines(task.placement, 1)
    return task
  }

  const open = (placement: Parameters<Bench['status']>[0], request: Partial<ExecRequest>, signal = never) =>
    bench().play(
      bench().executor.exec(
        placement,
        { command: ['true'], workdir: null, env: {}, terminal: null, stdin: false, ...request },
        signal,
      ),
    )

  const read = async (session: Awaited<ReturnType<typeof open>>): Promise<Result> => {
    const result = { stdout: '', stderr: '' }
    const work = async (): Promise<Result> => {
      for await (const { stream, data } of session.output) result[stream] += Buffer.from(data).toString('utf8')
      return { ...result, exitCode: await session.exitCode() }
    }
    return bench().play(work())
  }

  describe('a further command', () => {
    test('prints on both streams and has an exit code of its own; the task goes on', async () => {
      const task = await running()
      const request = { command: command([{ print: 'out' }, { print: 'err', to: 'stderr' }, { exit: 7 }]) }
      expect(await read(await open(task.placement, request))).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 7 })
      expect(bench().status(task.placement)?.status.state).toBe('running')
    })

    test('sees the task’s environment, and what it is given besides', async () => {
      const task = await running()
      const request = { command: command([{ printEnv: 'GREETING' }, { printEnv: 'MORE' }]), env: { MORE: 'and more' } }
      expect((await read(await open(task.placement, request))).stdout).toBe('hello\nand more\n')
    })

    test('gets what is written to it, byte by byte, and sees its end', async () => {
      const task = await running()
      const session = await open(task.placement, { command: ['cat'], stdin: true })
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
      const chunks: Uint8Array[] = []
      const both = async (): Promise<number> => {
        const writing = (async () => {
          for (let i = 0; i < bytes.length; i += 50_000) await session.write(bytes.slice(i, i + 50_000))
          session.endInput()
        })()
        for await (const { data } of session.output) chunks.push(new Uint8Array(data))
        await writing
        return session.exitCode()
      }
      expect(await bench().play(both())).toBe(0)
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    })

    test('without input reads the end at once', async () => {
      const task = await running()
      expect(await read(await open(task.placement, { command: ['cat'] }))).toMatchObject({ stdout: '', exitCode: 0 })
    })

    test('ends with 128 and the number of the signal that it is sent', async () => {
      const task = await running()
      const session = await open(task.placement, { command: ['sh', '-c', 'echo here; exec sleep 50'] })
      const work = async (): Promise<number> => {
        for await (const { data } of session.output)
          if (Buffer.from(data).includes('here')) await session.signal('SIGTERM')
        return session.exitCode()
      }
      expect(await bench().play(work())).toBe(143)
    })

    test('is killed when nobody wants it any more', async () => {
      const task = await running()
      const off = new AbortController()
      const session = await open(task.placement, { command: ['sleep', '50'] }, off.signal)
      const reading = read(session)
      off.abort(new Error('enough'))
      await expect(reading).rejects.toThrow('enough')
    })

    test.runIf(can.programs).each([
      ['with what it has started', 'sleep 4217 & echo here; wait'],
      ['without its environment', 'echo here; exec env -i sleep 4217'],
      ['with what it has started without an environment', 'env -i sleep 4217 & echo here; wait'],
    ])('is killed %s', async (_, script) => {
      const task = await running()
      const off = new AbortController()
      const session = await open(task.placement, { command: ['sh', '-c', script] }, off.signal)
      const reading = (async () => {
        for await (const { data } of session.output)
          if (Buffer.from(data).includes('here')) off.abort(new Error('enough'))
      })()
      await expect(reading).rejects.toThrow('enough')
      const look = { command: ['sh', '-c', 'grep -ls "42[1]7" /proc/[0-9]*/cmdline; true'] }
      await expect.poll(async () => (await read(await open(task.placement, look))).stdout, { timeout: 10_000 }).toBe('')
    })

    test('ends with the task', async () => {
      const task = await running()
      const session = await open(task.placement, { command: ['sleep', '50'] })
      const reading = Promise.allSettled([read(session)])
      await bench().stop(task.placement, 0)
      const [result] = await reading
      if (result?.status === 'fulfilled') expect(result.value.exitCode).not.toBe(0)
      else expect(result?.reason).toMatchObject({ code: 'WORKLOAD_NOT_RUNNING' })
    })

    test.runIf(can.programs)('that does not exist says so, and exits with 126 or 127', async () => {
      const task = await running()
      const { stdout, stderr, exitCode } = await read(await open(task.placement, { command: ['no-such-program'] }))
      expect([126, 127]).toContain(exitCode)
      expect(stdout + stderr).toContain('no-such-program')
    })

    test.runIf(can.terminals)(
      'has a terminal when it is asked for, of the size that is asked for, now and later',
      async () => {
        const task = await running()
        const script = 'test -t 0 && test -t 1 && stty size; read line; stty size; exit 3'
        const session = await open(task.placement, { command: ['sh', '-c', script], terminal: size, stdin: true })
        let text = ''
        for await (const { stream, data } of session.output) {
          expect(stream).toBe('stdout')
          const before = text
          text += Buffer.from(data).toString('utf8')
          if (!text.includes('33 91') || before.includes('33 91')) continue
          await session.resize({ columns: 120, rows: 40 })
          await session.write(Buffer.from('go\r'))
        }
        expect(text).toMatch(/33 91\r\n[\s\S]*40 120\r\n$/)
        expect(await session.exitCode()).toBe(3)
      },
    )

    test.runIf(can.terminals)('can be interrupted at its terminal', async () => {
      const task = await running()
      const session = await open(task.placement, {
        command: ['sh', '-c', 'echo here; sleep 50'],
        terminal: size,
        stdin: true,
      })
      for await (const { data } of session.output)
        if (Buffer.from(data).includes('here')) await session.write(Uint8Array.of(3))
      expect(await session.exitCode()).toBe(130)
    })

    test.runIf(can.terminals)('gets every key, those too by which an engine would let go', async () => {
      const task = await running()
      const session = await open(task.placement, {
        command: ['sh', '-c', 'stty -ixon; echo here; read line; exit 5'],
        terminal: size,
        stdin: true,
      })
      const answered = await answerKeys(session, detachKeysTyped)
      expect({ answered, exitCode: await session.exitCode() }).toEqual({ answered: 3, exitCode: 5 })
    })

    test('needs a task that is known and runs', async () => {
      const ghost = placementId(freshWorkload(), 1)
      await expect(open(ghost, {})).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
      const done = bench().task([{ exit: 0 }])
      await bench().start(done)
      await bench().ended(done.placement)
      await expect(open(done.placement, {})).rejects.toMatchObject({ code: 'WORKLOAD_NOT_RUNNING' })
    })
  })

  describe('the address of a port', () => {
    test('is one of this host for a task in its network', async () => {
      const task = bench().task(resident, { network: 'host' })
      await bench().start(task)
      const address = await bench().play(bench().executor.address(task.placement, 8_080, never))
      expect(address).toEqual({ host: '127.0.0.1', port: 8_080 })
    })

    test('needs a task that is known and runs', async () => {
      const ghost = placementId(freshWorkload(), 1)
      const asked = bench().play(bench().executor.address(ghost, 80, never))
      await expect(asked).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
    })
  })
}
