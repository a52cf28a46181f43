/** The input and the outputs of a container's own process, over one connection to the engine. */
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { AttachRequest, Attachment, ExecOutput, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import type { ExecDeps } from './exec.ts'
import type { HeldInput, HeldInputs } from './held-inputs.ts'
import { exitCodeOf, hijack, noDetachKeys, talkOver, unlessOver, type Talk } from './hijacked.ts'
import { forSlowReader } from './slow-reader.ts'
import { talkConnection, type TalkConnection } from './talk-connection.ts'

export interface AttachDeps extends ExecDeps {
  readonly inputs: HeldInputs
}

/**
 * Whoever does not read its output loses some of it, and does not hold the container up. Throws WORKLOAD_NOT_FOUND, WORKLOAD_NOT_RUNNING or EXECUTOR_UNAVAILABLE.
 */
export async function attachTo(
  { docker, log, inputs }: AttachDeps,
  { container: id, name }: { readonly container: string; readonly name: string },
  { stdin, replay }: AttachRequest,
  signal: AbortSignal,
): Promise<Attachment> {
  const container = docker.getContainer(id)
  try {
    const { Config, State } = await ask(signal, (abortSignal) => container.inspect({ abortSignal }))
    if (!State.Running) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'stopped' })
    const hasInput = stdin && Config.OpenStdin
    const isHeld = hasInput && Config.StdinOnce && !Config.Tty
    const input = isHeld ? await inputs.of(container, signal) : null
    const options = new URLSearchParams({
      ...{ stream: '1', stdout: '1', stderr: '1', detachKeys: noDetachKeys },
      ...(hasInput && !isHeld && { stdin: '1' }),
      ...(replay && { logs: '1' }),
    })
    const open = (): Promise<TalkConnection> =>
      talkConnection(docker, `/containers/${container.id}/attach?${options.toString()}`, {})
    const connection = await hijack(open, (late) => void late.socket.destroy(), signal)
    connection.socket.on('error', (error: Error) => log.debug('an attachment broke', { problem: detailOf(error) }))
    return new DockerAttachment({ container, name, connection, input, hasTerminal: Config.Tty, hasInput }, signal)
  } catch (error) {
    if (error instanceof ClawError) throw error
    if (statusOf(error) === 404) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: name }, { cause: error })
    if (statusOf(error) === 409)
      throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'stopped or paused' }, { cause: error })
    throw engineFailure(error)
  }
}

interface Attached {
  /** Where it is written to, when that is not the connection. */
  readonly input: HeldInput | null
  readonly container: Dockerode.Container
  readonly name: string
  readonly connection: TalkConnection
  readonly hasTerminal: boolean
  readonly hasInput: boolean
}

/** How often is looked whether it has ended, once its output has. */
const looks = 100

/** As long as this a slow network or a pager may hold the work up; then it goes on without them. */
const patience = { bytes: 1_048_576, ms: 5_000 }

const lossIn =
  (hasTerminal: boolean) =>
  (bytes: number): ExecOutput => {
    const newline = hasTerminal ? '\r\n' : '\n'
    const text = `${newline}[${bytes} bytes were not shown: they were not read in time; the log has them]${newline}`
    return { stream: hasTerminal ? 'stdout' : 'stderr', data: Buffer.from(text) }
  }

class DockerAttachment implements Attachment {
  readonly hasTerminal: boolean
  readonly hasInput: boolean
  readonly output: AsyncIterable<ExecOutput>
  readonly #attached: Attached
  readonly #signal: AbortSignal
  readonly #talk: Talk

  constructor(attached: Attached, signal: AbortSignal) {
    const { connection, hasInput, hasTerminal } = attached
    this.hasTerminal = hasTerminal
    this.hasInput = hasInput
    this.#attached = attached
    this.#signal = signal
    const ownInput = hasInput && attached.input === null
    this.#talk = talkOver({ connection, hasTerminal, hasInput: ownInput }, signal)
    this.output = forSlowReader(this.#talk.output, patience, lossIn(hasTerminal))
    const letGo = (): void => void connection.socket.destroy()
    signal.addEventListener('abort', letGo, { once: true })
    connection.socket.once('close', () => signal.removeEventListener('abort', letGo))
    if (signal.aborted) letGo()
  }

  async write(data: Uint8Array): Promise<void> {
    await (this.#attached.input?.send(data) ?? this.#talk.write(data))
  }

  endInput(): void {
    const { input } = this.#attached
    if (input === null) this.#talk.endInput()
    else input.end()
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    const { container } = this.#attached
    if (this.hasTerminal) await unlessOver(() => container.resize({ h: rows, w: columns }), this.#signal)
  }

  async signal(name: ExecSignal): Promise<void> {
    await unlessOver(() => this.#attached.container.kill({ signal: name }), this.#signal)
  }

  async exitCode(): Promise<number> {
    const { container, name } = this.#attached
    const look = async (abortSignal: AbortSignal) => (await container.inspect({ abortSignal })).State
    const code = await exitCodeOf({ look, name, count: looks }, this.#signal)
    if (code !== null) return code
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'the engine let go of the container' })
  }
}
