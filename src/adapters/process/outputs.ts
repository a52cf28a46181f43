/** What a command prints on both of its pipes, in the order in which it is there, and for how long it is read after the end. */
import type { Readable } from 'node:stream'
import { Bell } from '../../lib/bell.ts'
import type { ExecOutput } from '../../ports/exec.ts'

interface Printing {
  readonly stdout: Readable
  readonly stderr: Readable
}

/**
 * After the command has ended, what it has printed is still read. But what it has started may hold its outputs open for as long as it likes:
 * so nobody waits longer than this in all, and reads more than what can have been in the pipes.
 */
const afterExit = { ms: 1_000, bytes: 4_194_304 }

/**
 * Either pipe holds the command up while the reader is busy, and both are closed in the end. To be called before the command can have ended:
 * a pipe in which nobody has shown interest by then is emptied.
 */
export function outputsOf(
  { stdout, stderr }: Printing,
  exited: Promise<unknown>,
  signal: AbortSignal,
): AsyncIterable<ExecOutput> {
  const bell = new Bell()
  const pipes = [new Pipe('stdout', stdout, bell.ring), new Pipe('stderr', stderr, bell.ring)]
  return untilClosed(pipes, merged(pipes, new Patience(bell, exited), signal))
}

class Pipe {
  readonly #stream: ExecOutput['stream']
  readonly #readable: Readable

  constructor(stream: ExecOutput['stream'], readable: Readable, onChange: () => void) {
    this.#stream = stream
    this.#readable = readable
    for (const event of ['readable', 'end', 'close', 'error']) readable.on(event, onChange)
  }

  get isOver(): boolean {
    if (this.#readable.errored) throw this.#readable.errored
    return this.#readable.readableEnded || this.#readable.destroyed
  }

  take(): ExecOutput | null {
    const data = this.#readable.read() as Buffer | null
    return data === null ? null : { stream: this.#stream, data }
  }

  close(): void {
    this.#readable.destroy()
  }
}

class Patience {
  readonly #bell: Bell
  /** What of it is left, once the command has ended. */
  #left: { ms: number; bytes: number } | null = null

  constructor(bell: Bell, exited: Promise<unknown>) {
    this.#bell = bell
    const begin = (): void => {
      this.#left = { ...afterExit }
      bell.ring()
    }
    exited.then(begin, begin)
  }

  get isOver(): boolean {
    return this.#left !== null && (this.#left.ms <= 0 || this.#left.bytes <= 0)
  }

  read(bytes: number): void {
    if (this.#left !== null) this.#left.bytes -= bytes
  }

  /** Until something has changed. */
  async wait(): Promise<void> {
    const left = this.#left
    if (left === null) return this.#bell.rung()
    const before = performance.now()
    const timer = setTimeout(this.#bell.ring, left.ms).unref()
    await this.#bell.rung()
    clearTimeout(timer)
    left.ms -= performance.now() - before
  }
}

async function* merged(
  pipes: readonly Pipe[],
  patience: Patience,
  signal: AbortSignal,
): AsyncGenerator<ExecOutput, void> {
  while (!patience.isOver && pipes.some((pipe) => !pipe.isOver)) {
    const found = pipes.map((pipe) => pipe.take()).filter((output) => output !== null)
    for (const output of found) {
      yield output
      patience.read(output.data.length)
    }
    if (found.length === 0) await patience.wait()
    signal.throwIfAborted()
  }
}

async function* untilClosed(pipes: readonly Pipe[], outputs: AsyncIterable<ExecOutput>): AsyncGenerator<ExecOutput> {
  try {
    yield* outputs
  } finally {
    for (const pipe of pipes) pipe.close()
  }
}
