/** Against an engine that is slow to start what it was told to: it starts processes of this host. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Dockerode from 'dockerode'
import { afterEach, expect, test, vi } from 'vitest'
import { execIn } from '../../../../src/adapters/docker/exec.ts'
import { silent } from '../../../../src/ports/log.ts'

const started: ChildProcess[] = []
const engines: Server[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const engine of engines.splice(0)) engine.close()
})

/** Answers before the command runs, as engines do. */
async function slowEngine() {
  const [answer, begin] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
  const [asked, connected] = [Promise.withResolvers<null>(), Promise.withResolvers<Socket>()]
  let child: ChildProcess | null = null
  let wanted: { Cmd: string[]; Env: string[] } = { Cmd: [], Env: [] }
  const run = (): void => {
    const [program = '', ...rest] = wanted.Cmd
    const env = Object.fromEntries(wanted.Env.map((pair) => pair.split('=')))
    child = spawn(program, rest, { env, stdio: 'ignore' })
    started.push(child)
  }
  const engine = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      asked.resolve(null)
      begin.promise.then(run, run)
      const upgrade = (): void => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
        connected.resolve(socket)
      }
      answer.promise.then(upgrade, upgrade)
    })
  })
  engines.push(engine)
  const socketPath = join(mkdtempSync(join(tmpdir(), 'claw-engine-')), 'engine.sock')
  await once(engine.listen(socketPath), 'listening')
  const docker = {
    modem: { socketPath },
    getContainer: () => ({
      exec: (request: typeof wanted) => {
        wanted = request
        return Promise.resolve({
          id: 'e1',
          inspect: () =>
            Promise.resolve({
              Running: child !== null && child.exitCode === null && child.signalCode === null,
              Pid: child?.pid ?? 0,
              ExitCode: child === null ? null : child.signalCode === null ? child.exitCode : 137,
            }),
        })
      },
    }),
  }
  return {
    docker: docker as unknown as Dockerode,
    asked: asked.promise,
    connected: connected.promise,
    answer: () => answer.resolve(null),
    begin: () => begin.resolve(null),
    signalCode: () => child?.signalCode ?? null,
  }
}

const request = { command: ['/bin/sleep', '60'], workdir: null, env: {}, terminal: null, stdin: false }

test.each(['before', 'after'] as const)(
  'given a command that is called off while it is started, when the engine starts it %s it answers, it is killed',
  async (when) => {
    const engine = await slowEngine()
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
  const engine = await slowEngine()
  const off = new AbortController()
  const opened = execIn({ docker: engine.docker, log: silent }, { container: 'c1', name: 'box' }, request, off.signal)
  await engine.asked
  engine.begin()
  engine.answer()
  await opened
  const connection = await engine.connected
  connection.destroy()
  await once(connection, 'close')
  off.abort(new Error('never mind'))
  await vi.waitFor(() => expect(engine.signalCode()).toBe('SIGKILL'), 5_000)
})
