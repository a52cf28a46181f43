/** What a task in the conformance suite does, step by step, so that an executor without a shell can play the same. */
import type { Millis } from '../../src/model/time.ts'

export type Step =
  | { readonly print: string; readonly to?: 'stderr' }
  /** One line of so many times the letter x. */
  | { readonly printLong: number }
  | { readonly printEnv: string }
  /** What is in a file that the task was given, which ends without a line end. */
  | { readonly printFile: string }
  /** Its mode, in octal, and the number of its owner. */
  | { readonly printMode: string }
  /** Tries to change it, and prints what became of that. */
  | { readonly tryWriting: string }
  | { readonly wait: Millis }
  /** What SIGTERM does from here on: nothing, or print `bye` and exit with this code. */
  | { readonly onTerm: 'ignore' | number }
  /** What another signal does from here on: print this and go on, exit with this code, or take memory without end. */
  | { readonly onSignal: 'USR1' | 'USR2'; readonly print: string }
  | { readonly onSignal: 'USR1' | 'USR2'; readonly exit: number }
  | { readonly onSignal: 'USR1' | 'USR2'; readonly eatMemory: true }
  | { readonly exit: number }

export type Program = readonly Step[]

/** The program as arguments for a container or a process that has a POSIX shell. */
export const shellCommand = (program: Program): string[] => ['sh', '-c', program.map(shellLine).join('\n')]

function shellLine(step: Step): string {
  if ('onSignal' in step) return `trap '${onSignal(step)}' ${step.onSignal}`
  if ('print' in step) return `echo ${quoted(step.print)}${step.to === 'stderr' ? ' >&2' : ''}`
  if ('printLong' in step) return `head -c ${step.printLong} /dev/zero | tr '\\0' x; echo`
  if ('printEnv' in step) return `echo "$${step.printEnv}"`
  if ('printFile' in step) return `cat "$CLAW_FILES${step.printFile}"; echo`
  if ('printMode' in step) return `stat -c '%a %u' "$CLAW_FILES${step.printMode}"`
  if ('tryWriting' in step)
    return `( : >> "$CLAW_FILES${step.tryWriting}" ) 2>/dev/null && echo written || echo refused`
  // In the background, because a shell looks at its traps only when no child runs in front of it. The shell may or
  // may not tell that the sleep was terminated too; what it says of it is not the task's output.
  if ('wait' in step) return `sleep ${step.wait / 1_000} & wait $! 2>/dev/null`
  if ('onTerm' in step) return step.onTerm === 'ignore' ? `trap '' TERM` : `trap 'echo bye; exit ${step.onTerm}' TERM`
  return `exit ${step.exit}`
}

function onSignal(step: Extract<Step, { readonly onSignal: string }>): string {
  if ('print' in step) return `echo ${step.print}`
  return 'exit' in step ? `exit ${step.exit}` : 'exec tail /dev/zero'
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
