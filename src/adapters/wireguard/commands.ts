/** Running `ip`, `wg` and their like, and what it means when they fail. */
import { ClawError } from '../../model/failure.ts'
import type { RunTool, ToolResult } from '../../ports/tool.ts'
import { toolProblem } from '../../ports/tool.ts'

export interface Tooling {
  readonly run: RunTool
  readonly signal: AbortSignal
}

const patience = 10_000
/** A dump of some hundred peers is 100 KiB. */
const maxBytes = 4 * 1_048_576

export const attempt = ({ run, signal }: Tooling, command: string, ...args: readonly string[]): Promise<ToolResult> =>
  run(command, args, { timeoutMs: patience, maxBytes, signal })

/** Why a run is worth nothing; null when it did what it was asked. */
export const problemOf = (command: string, result: ToolResult): string | null => toolProblem(command, result, patience)

/** What it has printed. Throws OVERLAY_FAILED. */
export async function must(tooling: Tooling, command: string, ...args: readonly string[]): Promise<string> {
  const result = await attempt(tooling, command, ...args)
  const problem = problemOf(command, result)
  if (problem !== null) throw new ClawError('OVERLAY_FAILED', { problem })
  return result.stdout
}

/** Of `ip -j`, which prints nothing at all for nothing. Throws OVERLAY_FAILED. */
export async function mustList(
  tooling: Tooling,
  ...args: readonly string[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await must(tooling, 'ip', '-j', ...args)
  if (text.trim() === '') return []
  try {
    return JSON.parse(text) as readonly Readonly<Record<string, unknown>>[]
  } catch (cause) {
    throw new ClawError('OVERLAY_FAILED', { problem: `ip ${args.join(' ')} has printed no JSON` }, { cause })
  }
}
