/** A further command in a simulated task: it does what the same words in a script would, and `cat` gives back what it is given. */
import { Inbox } from '../../lib/inbox.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { ExecOutput, ExecRequest, ExecSession, ExecSignal, TerminalSize } from '../../ports/exec.ts'
import { SimulatedProbe } from './simulated-probe.ts'
import { stepsOf, type Step } from './script.ts'

export interface SimulatedSessionInit {
  readonly clock: Clock
  /** What the task has in its environment. */
  readonly env: Readonly<Record<string, string>>
  readonly request: ExecRequest
  /** Aborted when the task has ended. */
  readonly ended: AbortSignal
  readonly onEnd: () => void
}

const numbers: Record<ExecSignal, number> = {
  ...{ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGUSR1: 10, SIGUSR2: 12, SIGTERM: 15, SIGWINCH: 28 },
}

export class SimulatedSession implements ExecSession {
  readonly #init: SimulatedSessionInit
  readonly #signal: AbortSignal
  readonly #output = new Inbox<ExecOutput>()
  readonly #exit = Promise.withResolvers<number>()
  readonly #steps: Step[]
  readonly #isCat: boolean
  readonly #probe: SimulatedProbe | null
  #size: TerminalSize | null
  #cancel: Cancel = () => {}
  #isOver = false

  constructor(init: SimulatedSessionInit, signal: AbortSignal) {
    const { env, request, ended } = init
    this.#init = init
    this.#signal = signal
    this.#size = request.terminal
    const [program = ''] = request.command
    this.#isCat = /(^|\/)cat$/.test(program) && request.command.length === 1
    this.#probe = /(^|\/)claw-probe$/.test(program) ? this.#probing() : null
    const isSize = request.command.join(' ') === 'stty size'
    this.#steps = isSize ? [] : [...stepsOf({ command: request.command, env: { ...unscripted(env), ...request.env } })]
    signal.addEventListener('abort', this.#onAbort, { once: true })
    ended.addEventListener('abort', this.#onTaskEnd, { once: true })
    if (isSize && this.#size !== null) this.#print('stdout', `${this.#size.rows} ${this.#size.columns}`)
    if (this.#probe !== null) return
    if (!this.#isCat) this.#go()
    else if (!request.stdin) this.#end(0)
  }

  get output(): AsyncIterable<ExecOutput> {
    return this.#output
  }

  write(data: Uint8Array): Promise<void> {
    this.#probe?.write(data)
    if (this.#isCat && !this.#isOver) this.#output.put({ stream: 'stdout', data: new Uint8Array(data) })
    return Promise.resolve()
  }

  endInput(): void {
    if (this.#isCat) this.#end(0)
    this.#probe?.endInput()
  }

  resize(size: TerminalSize): Promise<void> {
    if (this.#size !== null) this.#size = size
    return Promise.resolve()
  }

  signal(name: ExecSignal): Promise<void> {
    if (name !== 'SIGWINCH') this.#end(128 + numbers[name])
    return Promise.resolve()
  }

  exitCode(): Promise<number> {
    return this.#exit.promise
  }

  #probing(): SimulatedProbe {
    const say = (line: string): void => {
      if (!this.#isOver) this.#print('stdout', line)
    }
    return new SimulatedProbe(this.#init.clock, say, (code) => this.#end(code))
  }

  #go(): void {
    for (;;) {
      if (this.#isOver) return
      const step = this.#steps.shift() ?? { type: 'exit', code: 0 }
      if (step.type === 'print') this.#print(step.stream, step.text)
      else if (step.type === 'exit') return this.#end(step.code)
      else if (step.type === 'wait') {
        this.#cancel = this.#init.clock.after(step.span, () => this.#go())
        return
      }
    }
  }

  #print(stream: ExecOutput['stream'], text: string): void {
    const isTerminal = this.#size !== null
    const data = new TextEncoder().encode(isTerminal ? `${text.replaceAll('\n', '\r\n')}\r\n` : `${text}\n`)
    this.#output.put({ stream: isTerminal ? 'stdout' : stream, data })
  }

  readonly #onAbort = (): void => {
    this.#output.fail(this.#signal.reason)
    this.#end(137)
  }

  readonly #onTaskEnd = (): void => this.#end(137)

  #end(code: number): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancel()
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#init.ended.removeEventListener('abort', this.#onTaskEnd)
    this.#output.end()
    this.#exit.resolve(code)
    this.#init.onEnd()
  }
}

/** What the task's own script is made of says nothing of further commands. */
const unscripted = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CLAW_SIM_')))
