/** What is said while somebody talks to a command that runs in a container, whoever may talk to it. */
import { z } from 'zod'
import { execSignals } from '../ports/exec.ts'

const side = z.int().min(1).max(4_096)
export const Size = z.strictObject({ columns: side, rows: side })

/** What a user may tell a command while it runs. */
export const ToCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), columns: side, rows: side }),
  z.strictObject({ type: z.literal('signal'), signal: z.enum(execSignals) }),
])

export const Exit = z.object({
  type: z.literal('exit'),
  exitCode: z.int().describe('128 and the number of the signal that ended it'),
})

/** Of the bytes. On the input, nothing at all ends it. */
export const channelOf = { stdout: 1, stderr: 2, stdin: 1 } as const
