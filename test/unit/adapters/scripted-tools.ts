/** A RunTool that answers from a script, and remembers what it was asked. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunTool, ToolResult } from '../../../src/ports/tool.ts'

export const never = new AbortController().signal

export const fixture = (path: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', path), 'utf8')

const nothing: ToolResult = { code: null, stdout: '', stderr: '', timedOut: false, missing: false, truncated: false }

export const prints = (stdout: string): ToolResult => ({ ...nothing, code: 0, stdout })
export const fails = (code: number, stdout: string): ToolResult => ({ ...nothing, code, stdout })
export const hangs: ToolResult = { ...nothing, timedOut: true }
export const isMissing: ToolResult = { ...nothing, missing: true }

export interface ScriptedTools {
  readonly run: RunTool
  /** Command lines in the order in which they were run. */
  readonly ran: string[]
}

/** `answer` gets the whole command line; what it leaves undefined is a tool that is not installed. */
export function scriptedTools(answer: (line: string) => ToolResult | undefined): ScriptedTools {
  const ran: string[] = []
  const run: RunTool = (command, args) => {
    const line = [command, ...args].join(' ')
    ran.push(line)
    return Promise.resolve(answer(line) ?? isMissing)
  }
  return { run, ran }
}
