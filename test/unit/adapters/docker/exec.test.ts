/** Against an engine that is slow to start what it was told to: it starts processes of this host. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type Dockerode from 'dockerode'
import { afterEach, expect, test, vi } from 'vitest'
import { execIn } from '../../../../src/adapters/docker/exec.ts'
import { silent } from '../../../../src/ports/log.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** Answers before the command runs, as engines do. */
function slowEngine() {
  const [answer, begin] = [Promise.withResolvers<PassThrough>(), Promise.withResolvers<null>()]
  const asked = Promise.withResolvers<null>()
  const connection = new PassThrough()
  let child: ChildProcess | null = null
  const docker = {
    getContainer: () => ({
      exec: ({ Cmd, Env }: { Cmd: string[]; Env: string[] }) =>
        Promise.resolve({
          start() {
            asked.resolve(null)
            const run = (): void => {
              const [program = '', ...rest] = Cmd
              child = spawn(program, rest, {
                env: Object.fromEntries(Env.map((pair) => pair.split('='))),
                stdio: 'ignore',
              })
              started.push(child)
            }
            begin.promise.then(run, run)
            return answer.promise
          },
          inspect: () =>
            Promise.resolve({
              Running: child !== null && child.exitCode === null && child.signalCode === null,
              Pid: child?.pid ?? 0,
              ExitCode: child === null ? null : child.signalCode === null ? child.exitCode : 137,
            }),
        }),
    }),
  }
  return {
    docker: docker as unknown as Dockerode,
    asked: asked.promise,
    connection,
    answer: () => answer.resolve(connection),
    begin: () => begin.resolve(null),
    signalCode: () => child?.signalCode ?? null,
  }
}

const request = { command: ['/bin/sleep', '60'], workdir: null, env: {}, terminal: null, stdin: false }

test.each(['before', 'after'] as const)(
  'given a command that is called off while it is started, when the engine starts it %s it answers, it is killed',
  async (when) => {
    const engine = slowEngine()
    const off = new AbortController()
    const where = { container: 'c1', name: 'box' }
    const opened = execIn({ docker: engine.docker, log: silent }, where, request, off.signal)
    const refused = expect(opened).rejects.toThrow('never mind')
    await engine.asked
    off.abort(new Error('never mind'))
    await refused
    if (when === 'before') engine.begin()
    engine.answer()
    await new Promise((resolve) => setTimeout(resolve, 30))
    engine.begin()
    await vi.waitFor(() => expect(engine.signalCode()).toBe('SIGKILL'), 5_000)
  },
)

test('given a command whose connection has broken while it goes on, when it is called off, it is killed', async () => {
  const engine = slowEngine()
  const off = new AbortController()
  const opened = execIn({ docker: engine.docker, log: silent }, { container: 'c1', name: 'box' }, request, off.signal)
  await engine.asked
  engine.begin()
  engine.answer()
  await opened
  engine.connection.destroy()
  await once(engine.connection, 'close')
  off.abort(new Error('never mind'))
  await vi.waitFor(() => expect(engine.signalCode()).toBe('SIGKILL'), 5_000)
})
