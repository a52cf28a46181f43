/** A further command in a running task: how it is asked for, and the session in which it runs. */

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface ExecRequest {
  /** A program and its arguments; no shell is put around it. */
  readonly command: readonly string[]
  /** The task's own working directory when null. */
  readonly workdir: string | null
  /** Besides what the task itself has in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** A terminal of that size for the command; both of its outputs are one then, `stdout`. Null for plain pipes. */
  readonly terminal: TerminalSize | null
  /** Whether it has an input at all. Without one it reads the end at once. */
  readonly stdin: boolean
}

export interface ExecOutput {
  readonly stream: 'stdout' | 'stderr'
  /** The reader's until it asks for the next: then its memory may hold something else. */
  readonly data: Uint8Array
}

/** Signals that can be sent to the command. */
export const execSignals = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGKILL',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGWINCH',
] as const
export type ExecSignal = (typeof execSignals)[number]

/** How somebody attaches to a task's own process. */
export interface AttachRequest {
  /** Whether to write to its input, where that is open. */
  readonly stdin: boolean
  /** Whether to begin with what it has printed so far. */
  readonly replay: boolean
}

/**
 * One command that runs. It is killed, with what it has started where the executor can find that, when the signal with which it was asked
 * for is aborted, and ends with the task in any case.
 */
export interface ExecSession {
  /** What it prints, for one reader, who holds the command up when it is slow. Ends once all was read. */
  readonly output: AsyncIterable<ExecOutput>
  /** Returns once there is room for more. What arrives after the command has stopped reading is dropped. */
  write(data: Uint8Array): Promise<void>
  /** Nothing more is written. */
  endInput(): void
  /** Without a terminal nothing happens. */
  resize(size: TerminalSize): Promise<void>
  /** To the command's own process. Nothing happens when it has ended. */
  signal(name: ExecSignal): Promise<void>
  /** Once it has ended; 128 and the signal's number for a command that a signal has ended. To be asked for after the output was read. */
  exitCode(): Promise<number>
}

/** The same with a task's own process, which goes on when the signal is aborted. */
export interface Attachment extends ExecSession {
  readonly hasTerminal: boolean
  /** Whether what is written reaches it. */
  readonly hasInput: boolean
}
