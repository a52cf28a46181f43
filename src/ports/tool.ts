/** Running a vendor's command-line tool, such as `nvidia-smi`, and reading what it prints. */
import type { Millis } from '../model/time.ts'

export interface ToolLimits {
  readonly timeoutMs: Millis
  /** Most bytes kept of stdout and of stderr. A tool that prints more is stopped. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface ToolResult {
  /** Exit code, or null when the tool did not exit by itself. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** There is no such tool, or it may not be run. */
  readonly missing: boolean
  /** It was stopped because it printed more than `maxBytes`; `stdout` holds the beginning. */
  readonly truncated: boolean
}

/**
 * Runs a tool with the C locale and no input. Never rejects: hardware that misbehaves is a result like any other. Answers in time even
 * when the tool cannot be killed, as one that waits inside a hung driver cannot.
 */
export type RunTool = (command: string, args: readonly string[], limits: ToolLimits) => Promise<ToolResult>

/** Why a run is worth nothing, in words for people; null when the tool exited with code 0. */
export function toolProblem(command: string, result: ToolResult, timeoutMs: Millis): string | null {
  if (result.missing) return missingTool(command)
  if (result.timedOut) return `${command} did not answer within ${timeoutMs} ms`
  if (result.truncated) return `${command} printed more than can be read`
  if (result.code === 0) return null
  const words = firstLine(result.stderr) ?? firstLine(result.stdout) ?? 'it said nothing'
  return result.code === null
    ? `${command} was stopped: ${words}`
    : `${command} failed with code ${result.code}: ${words}`
}

export const missingTool = (command: string): string => `${command} is not installed`

/** A tool that is not there is the normal case on a host with other hardware; every other problem is worth telling. */
export const isMissingTool = (problem: string): boolean => problem.endsWith(' is not installed')

const firstLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
    ?.slice(0, 200)
