/** A further command in a container, over one connection to the engine that carries input and output at once. */
import { randomBytes } from 'node:crypto'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { ExecOutput, ExecRequest, ExecSession, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import type { Log } from '../../ports/log.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { killExec, signalExec } from './exec-signal.ts'
import { exitCodeOf, hijack, noDetachKeys, talkOver, unlessOver, type Talk } from './hijacked.ts'
import { talkConnection, type TalkConnection } from './talk-connection.ts'

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
        DetachKeys: noDetachKeys,
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
const connect = (running: Startable, signal: AbortSignal): Promise<TalkConnection> =>
  hijack(
    () => talkConnection(running.docker, `/exec/${running.exec.id}/start`, { Detach: false, Tty: running.hasTerminal }),
    (connection) => endExec({ ...running, connection }),
    signal,
  )

function endExec({ connection, ...running }: Startable & { readonly connection: TalkConnection }): void {
  const { log, container } = running
  connection.socket.on('error', () => {})
  connection.discard()
  killExec(running)
    .then((isOver) => {
      if (!isOver) log.warn('a command in a container could not be killed', { container })
    })
    .catch((error: unknown) => log.warn('a command in a container could not be killed', { problem: detailOf(error) }))
    .finally(() => connection.socket.destroy())
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
  readonly connection: TalkConnection
}

class DockerSession implements ExecSession {
  readonly output: AsyncIterable<ExecOutput>
  readonly #running: Running
  readonly #signal: AbortSignal
  readonly #talk: Talk

  constructor(running: Running, signal: AbortSignal) {
    const { connection, log, hasTerminal, stdin: hasInput } = running
    this.#running = running
    this.#signal = signal
    this.#talk = talkOver({ connection, hasTerminal, hasInput }, signal)
    this.output = this.#talk.output
    // Whoever reads hears of it; until then nobody is there to.
    connection.socket.on('error', (error) => log.debug('the connection of an exec broke', { problem: detailOf(error) }))
    signal.addEventListener('abort', this.#kill, { once: true })
    if (signal.aborted) this.#kill()
  }

  async write(data: Uint8Array): Promise<void> {
    await this.#talk.write(data)
  }

  endInput(): void {
    this.#talk.endInput()
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    const { exec, hasTerminal } = this.#running
    if (hasTerminal) await unlessOver(() => exec.resize({ h: rows, w: columns }), this.#signal)
  }

  async signal(name: ExecSignal): Promise<void> {
    await signalExec(this.#running, name)
  }

  async exitCode(): Promise<number> {
    const { exec, container: name } = this.#running
    // A command may go on without its output, for as long as it likes.
    const code = await exitCodeOf({ look: () => exec.inspect(), name, count: Infinity }, this.#signal)
    // Only now is there nothing more to be killed: the connection may end before the command does.
    this.#signal.removeEventListener('abort', this.#kill)
    return code as number
  }

  readonly #kill = (): void => endExec(this.#running)
}
