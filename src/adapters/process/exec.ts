/** A further command beside a task: in its working directory, with its environment, and in its control groups where it has any. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { sendTo } from '../../lib/byte-stream.ts'
import { ClawError } from '../../model/failure.ts'
import type { ExecOutput, ExecRequest, ExecSession, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import { identityOf } from './identity.ts'
import { outputsOf } from './outputs.ts'
import { killAll } from './process-tree.ts'
import { files } from './records.ts'
import { hasCode } from '../../lib/error-code.ts'
import { inTerminal, pidInTerminal, requireTerminals, resizeTerminal } from './terminal.ts'

export interface ExecPlace {
  /** The task's folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Folders of the task's control groups. */
  readonly cgroups: readonly string[]
  /** A bug in ending a command ends here. */
  readonly onPanic: (error: unknown) => void
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Enters the control groups, whose files come before `--`, and becomes the command. */
const enter = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 126; shift; done; shift; exec "$@"'

/** Throws EXEC_FAILED. */
export async function execBeside(place: ExecPlace, request: ExecRequest, signal: AbortSignal): Promise<ExecSession> {
  signal.throwIfAborted()
  const cwd = resolve(join(place.folder, files.work), request.workdir ?? '.')
  if (!(await isFolder(cwd))) throw new ClawError('EXEC_FAILED', { detail: `there is no directory ${cwd}` })
  if (request.terminal !== null) await requireTerminals()
  const scratch = await mkdtemp(join(place.folder, 'exec-'))
  try {
    return await launch({ place, request, scratch, cwd }, signal)
  } catch (error) {
    await rm(scratch, { recursive: true, force: true })
    throw error
  }
}

interface Launch {
  readonly place: ExecPlace
  readonly request: ExecRequest
  /** Where the command's terminal is written down. */
  readonly scratch: string
  readonly cwd: string
}

async function launch({ place, request, scratch, cwd }: Launch, signal: AbortSignal): Promise<ExecSession> {
  const { command, terminal, stdin } = request
  const mark = randomBytes(12).toString('hex')
  const groups = place.cgroups.map((group) => join(group, 'cgroup.procs'))
  const whole = terminal === null ? command : inTerminal(command, terminal, scratch)
  const child: Child = spawn('/bin/sh', ['-c', enter, 'sh', ...groups, '--', ...whole], {
    cwd,
    env: {
      ...place.env,
      ...(terminal === null ? {} : { TERM: 'xterm', SHELL: '/bin/sh' }),
      ...request.env,
      CLAW_EXEC: mark,
    },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // Listened for first: without descriptors there are no pipes that a session could have.
  const spawned = once(child, 'spawn')
  if (child.pid === undefined) return cannotRun(spawned)
  const session = new ProcessSession({ child, place, scratch, mark, hasTerminal: terminal !== null }, signal)
  if (!stdin) child.stdin.end()
  await spawned
  return session
}

async function cannotRun(spawned: Promise<unknown>): Promise<never> {
  const error: unknown = await spawned.catch((reason: unknown) => reason)
  throw new ClawError(
    'EXEC_FAILED',
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  )
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return false
    throw error
  }
}

interface Running {
  readonly child: Child
  readonly place: ExecPlace
  readonly scratch: string
  readonly mark: string
  readonly hasTerminal: boolean
}

class ProcessSession implements ExecSession {
  readonly output: AsyncIterable<ExecOutput>
  readonly #running: Running
  readonly #signal: AbortSignal
  readonly #exited: Promise<number>

  constructor(running: Running, signal: AbortSignal) {
    const { child } = running
    this.#running = running
    this.#signal = signal
    this.#exited = new Promise((done) => {
      child.once('exit', (code, name) => done(code ?? 128 + (name === null ? 0 : os.constants.signals[name])))
    })
    // The command may stop reading at any time.
    child.stdin.on('error', () => {})
    child.once('exit', () => this.#inBackground(this.#tidy()))
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
    this.output = outputsOf(child, this.#exited, signal)
  }

  async write(data: Uint8Array): Promise<void> {
    await sendTo(this.#running.child.stdin, data)
  }

  endInput(): void {
    this.#running.child.stdin.end()
  }

  async resize(size: TerminalSize): Promise<void> {
    if (this.#running.hasTerminal) await resizeTerminal(this.#running.scratch, size)
  }

  async signal(name: ExecSignal): Promise<void> {
    if (name === 'SIGKILL') return this.#killAll()
    const { child, hasTerminal, scratch } = this.#running
    const pid = hasTerminal ? await pidInTerminal(scratch) : child.pid
    if (pid === undefined || pid === null || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(pid, name)
    } catch (error) {
      if (!hasCode(error, 'ESRCH', 'EPERM')) throw error
    }
  }

  async exitCode(): Promise<number> {
    const code = await this.#exited
    this.#signal.throwIfAborted()
    return code
  }

  readonly #onAbort = (): void => this.#inBackground(this.#killAll())

  /** The command and what it has started, which carries its mark. */
  async #killAll(): Promise<void> {
    const pid = this.#running.child.pid ?? 0
    const child = (await identityOf(pid)) ?? { pid, born: 'over already' }
    await killAll({ child, cgroups: [], mark: `CLAW_EXEC=${this.#running.mark}` })
  }

  async #tidy(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort)
    await rm(this.#running.scratch, { recursive: true, force: true })
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#running.place.onPanic(error))
  }
}
