/** The input and the outputs of a container's own process, over one connection to the engine. */
import type { Duplex } from 'node:stream'
import type Dockerode from 'dockerode'
import { byteStreamOf } from '../../lib/byte-stream.ts'
import { ClawError } from '../../model/failure.ts'
import type { AttachRequest, Attachment, ExecOutput, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import type { ExecDeps } from './exec.ts'
import { OutputFrames } from './frames.ts'

/** Throws WORKLOAD_NOT_FOUND, WORKLOAD_NOT_RUNNING or EXECUTOR_UNAVAILABLE. */
export async function attachTo(
  { docker, log }: ExecDeps,
  { container: id, name }: { readonly container: string; readonly name: string },
  { stdin, replay }: AttachRequest,
  signal: AbortSignal,
): Promise<Attachment> {
  const container = docker.getContainer(id)
  try {
    const { Config, State } = await ask(signal, (abortSignal) => container.inspect({ abortSignal }))
    if (!State.Running) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'stopped' })
    const hasInput = stdin && Config.OpenStdin
    const options = { stream: true, stdout: true, stderr: true, stdin: hasInput, logs: replay, hijack: true }
    const connection = await connect(container, options, signal)
    connection.on('error', (error: Error) => log.debug('an attachment broke', { problem: detailOf(error) }))
    return new DockerAttachment({ container, name, connection, hasTerminal: Config.Tty, hasInput }, signal)
  } catch (error) {
    if (error instanceof ClawError) throw error
    if (statusOf(error) === 404) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: name }, { cause: error })
    if (statusOf(error) === 409)
      throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'stopped or paused' }, { cause: error })
    throw engineFailure(error)
  }
}

/** A connection that comes when nobody waits for it any more is closed. */
async function connect(
  container: Dockerode.Container,
  options: Dockerode.ContainerAttachOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  let opening: Promise<Duplex> | null = null
  try {
    return await ask(signal, () => (opening = container.attach(options) as Promise<Duplex>))
  } catch (error) {
    const late = opening as Promise<Duplex> | null
    late?.then(
      (connection) => connection.destroy(),
      // Whoever asked for it has heard of another failure.
      () => {},
    )
    throw error
  }
}

interface Attached {
  readonly container: Dockerode.Container
  readonly name: string
  readonly connection: Duplex
  readonly hasTerminal: boolean
  readonly hasInput: boolean
}

/** The engine notices an end a moment after the output has ended. */
const looks = { count: 100, pauseMs: 20 }

class DockerAttachment implements Attachment {
  readonly hasTerminal: boolean
  readonly hasInput: boolean
  readonly output: AsyncIterable<ExecOutput>
  readonly #attached: Attached
  readonly #signal: AbortSignal
  readonly #connection: ReturnType<typeof byteStreamOf>

  constructor(attached: Attached, signal: AbortSignal) {
    const { connection, hasInput } = attached
    this.hasTerminal = attached.hasTerminal
    this.hasInput = hasInput
    this.#attached = attached
    this.#signal = signal
    this.#connection = byteStreamOf(connection)
    this.output = this.#read()
    if (!hasInput) connection.end()
    const letGo = (): void => void connection.destroy()
    signal.addEventListener('abort', letGo, { once: true })
    connection.once('close', () => signal.removeEventListener('abort', letGo))
    if (signal.aborted) letGo()
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.hasInput) await this.#connection.send(data)
  }

  endInput(): void {
    this.#connection.end()
  }

  async resize({ rows, columns }: TerminalSize): Promise<void> {
    if (this.hasTerminal) await this.#unlessOver(() => this.#attached.container.resize({ h: rows, w: columns }))
  }

  async signal(name: ExecSignal): Promise<void> {
    await this.#unlessOver(() => this.#attached.container.kill({ signal: name }))
  }

  async exitCode(): Promise<number> {
    for (let look = 0; look < looks.count; look += 1) {
      const { Running, ExitCode } = await this.#state()
      if (!Running) return ExitCode
      await new Promise((resolve) => setTimeout(resolve, looks.pauseMs))
      this.#signal.throwIfAborted()
    }
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'the engine let go of the container' })
  }

  async #state(): Promise<Dockerode.ContainerInspectInfo['State']> {
    try {
      return (await ask(this.#signal, (abortSignal) => this.#attached.container.inspect({ abortSignal }))).State
    } catch (error) {
      this.#signal.throwIfAborted()
      if (statusOf(error) !== 404) throw engineFailure(error)
      throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: this.#attached.name, state: 'gone' }, { cause: error })
    }
  }

  async #unlessOver(work: () => Promise<unknown>): Promise<void> {
    try {
      await ask(this.#signal, work)
    } catch (error) {
      // It has ended, or is gone.
      if (statusOf(error) === null) throw error
    }
  }

  async *#read(): AsyncGenerator<ExecOutput> {
    const { connection, hasTerminal } = this.#attached
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
}
