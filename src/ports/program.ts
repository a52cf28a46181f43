/** Running a program of the host for somebody, within limits. */
import type { Millis } from '../model/time.ts'

export interface ProgramRequest {
  /** Absolute path. */
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: Millis
  /** Most bytes kept of stdout and of stderr; what comes after that is read and dropped. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface ProgramResult {
  /** Null when it was killed, or could not be started. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** There was more output than was kept. */
  readonly truncated: boolean
}

/** Runs it without a shell and without input, and at the end of its time kills it with all that it has started. Never rejects. */
export type RunProgram = (request: ProgramRequest) => Promise<ProgramResult>
