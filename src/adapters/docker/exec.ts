/** A further command in a container, over one connection to the engine that carries input and output at once. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type Dockerode from 'dockerode'
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { ClawError } from '../../model/failure.ts'
import type { ExecOutput, ExecRequest, ExecSession, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import type { Log } from '../../ports/log.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { killExec, signalExec } from './exec-signal.ts'
import { OutputFrames } from './frames.ts'

export interface ExecDeps {
  readonly docker: Dockerode
  readonly log: Log
}

/** Throws WORKLOAD_NOT_RUNNING, EXEC_FAILED or EXECUTOR_UNAVAILABLE. */
export async function execIn(
  deps: ExecDeps,
  { container, name }: { readonly container: string; readonly name: string },
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  const { command, workdir, env, terminal, stdin } = request
  const mark = `CLAW_EXEC=${randomBytes(12).toString('hex')}`
  try {
    const exec = await ask(signal, () =>
      deps.docker.getContainer(container).exec({
        Cmd: [...command],
        Env: [...Object.entries(env).map(([key, value]) => `${key}=${value}`), mark],
        ...(workdir === null ? {} : { WorkingDir: workdir }),
        AttachStdin: stdin,
        AttachStdout: true,
        AttachStderr: terminal === null,
        Tty: terminal !== null,
        ...(terminal === null ? {} : { ConsoleSize: [terminal.rows, terminal.columns] }),
      }),
    )
    const running = { ...deps, container, exec, mark, hasTerminal: terminal !== null, stdin }
    return new DockerSession({ ...running, connection: await connect(running, signal) }, signal)
  } catch (error) {
    throw execFailure(error, name)
  }
}

/** Has the engine start the command. When that is called off, or takes too long, the command is killed as soon as there is one. */
async function connect(running: Startable, signal: AbortSignal): Promise<Duplex> {
  let starting: Promise<Duplex> | null = null
  try {
    return await ask(signal, () => {
      starting = running.exec.start({ hijack: true, stdin: true, Detach: false, Tty: running.hasTerminal })
      return starting
    })
  } catch (error) {
    const late = starting as Promise<Duplex> | null
    late?.then(
      (connection) => endExec({ ...running, connection }),
      // What could not be started is over. The caller hears of it.
      () => {},
    )
    throw error
  }
}

function endExec({ connection, ...running }: Startable & { readonly connection: Duplex }): void {
  const { log, container } = running
  connection.on('error', () => {})
  connection.resume()
  killExec(running)
    .then((isOver) => {
      if (!isOver) log.warn('a command in a container could not be killed', { container })
    })
    .catch((error: unknown) => log.warn('a command in a container could not be killed', { problem: detailOf(error) }))
    .finally(() => connection.destroy())
    .catch((error: unknown) => log.error('a connection could not be closed', { problem: detailOf(error) }))
}

function execFailure(error: unknown, workload: string): unknown {
  const status = statusOf(error)
  if (status === 404) return new ClawError('WORKLOAD_NOT_FOUND', { workload }, { cause: error })
  if (status === 409)
    return new ClawError('WORKLOAD_NOT_RUNNING', { workload, state: 'stopped or paused' }, { cause: error })
  if (status === 400) return new ClawError('EXEC_FAILED', { detail: detailOf(error) }, { cause: error })
  return engineFailure(error)
}

interface Startable extends ExecDeps {
  readonly container: string
  readonly exec: Dockerode.Exec
  readonly mark: string
  readonly hasTerminal: boolean
  readonly stdin: boolean
}

interface Running extends Startable {
  readonly connection: Duplex
}

class DockerSession implements ExecSession {
  readonly output: AsyncIterable<ExecOutput>
  readonly #running: Running
  readonly #signal: AbortSignal
  readonly #connection: ReturnType<typeof byteStreamOf>

  constructor(running: Running, signal: AbortSignal) {
    const { connection, log } = running
    this.#running = running
    this.#signal = signal
    this.#connection = byteStreamOf(connection)
    this.output = this.#read()
    // Whoever reads hears of it; until then nobody is there to.
    connection.on('error', (error) => log.debug('the connection of an exec broke', { problem: detailOf(error) }))
    if (!running.stdin) connection.end()
    signal.addEventListener('abort', this.#kill, { once: true })
    connection.once('close', () => signal.removeEventListener('abort', this.#kill))
    if (signal.aborted) this.#kill()
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#connection.send(data)
  }

  endInput(): void {
    this.#connection.end()
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    const { exec, hasTerminal } = this.#running
    if (!hasTerminal) return
    try {
      await ask(this.#signal, () => exec.resize({ h: rows, w: columns }))
    } catch (error) {
      // It has ended, or does not run yet.
      if (statusOf(error) === null) throw error
    }
  }

  async signal(name: ExecSignal): Promise<void> {
    await signalExec(this.#running, name)
  }

  async exitCode(): Promise<number> {
    for (;;) {
      const { Running, ExitCode } = await this.#inspect()
      if (!Running && ExitCode !== null) return ExitCode
      // The output has ended and the engine has not noticed the end yet; or the command goes on without its output.
      await new Promise((resolve) => setTimeout(resolve, 20))
      this.#signal.throwIfAborted()
    }
  }

  async #inspect(): Promise<Dockerode.ExecInspectInfo> {
    try {
      return await ask(this.#signal, () => this.#running.exec.inspect())
    } catch (error) {
      this.#signal.throwIfAborted()
      // The container is gone, and what ran in it with it.
      if (statusOf(error) !== 404) throw engineFailure(error)
      throw new ClawError(
        'WORKLOAD_NOT_RUNNING',
        { workload: this.#running.container, state: 'gone' },
        { cause: error },
      )
    }
  }

  async *#read(): AsyncGenerator<ExecOutput> {
    const { connection, hasTerminal } = this.#running
    const frames = new OutputFrames()
    try {
      for await (const chunk of connection as AsyncIterable<Buffer>) {
        if (hasTerminal) yield { stream: 'stdout', data: chunk }
        else yield* frames.push(chunk)
      }
    } catch (error) {
      this.#signal.throwIfAborted()
      throw engineFailure(error)
    }
    this.#signal.throwIfAborted()
  }

  readonly #kill = (): void => endExec(this.#running)
}
