/** How people write when and how work is told to save, and what the spec makes of it. */
import { z } from 'zod'
import { checkpointSignals } from '../../model/checkpoint.ts'
import { ClawError } from '../../model/failure.ts'
import { span, spanOf } from '../fields.ts'

/** The keys of a request that this file translates. */
export const checkpointFields = {
  checkpoint: z
    .strictObject({
      signal: z.string().min(1).max(16).describe('What tells it to save: `USR1` or `SIGUSR1`, and the like'),
      path: z
        .string()
        .max(4_096)
        .optional()
        .describe('Where it saves, told as CLAW_CHECKPOINT_PATH; mount it, or it ends with the container'),
      interval: span.optional().describe('How often it is told while it runs: 10s or more'),
      save: span.optional().describe('How long it may save before it is stopped; its stop grace when left out'),
    })
    .optional()
    .describe('How it is told to save what it has done so far'),
}

type Fields = z.output<z.ZodObject<typeof checkpointFields>>

/** Undefined when it does not save. Throws INVALID_REQUEST. */
export function checkpointOf({ checkpoint }: Fields): object | undefined {
  if (checkpoint === undefined) return undefined
  const { signal, path, interval, save } = checkpoint
  return {
    signal: signalOf(signal),
    ...(path === undefined ? {} : { path }),
    ...(interval === undefined ? {} : { intervalMs: spanOf(interval, 'checkpoint interval') }),
    ...(save === undefined ? {} : { saveMs: spanOf(save, 'checkpoint save', 0) }),
  }
}

function signalOf(text: string): string {
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`
  if (checkpointSignals.some((known) => known === name)) return name
  const known = checkpointSignals.map((one) => one.slice('SIG'.length)).join(', ')
  throw new ClawError('INVALID_REQUEST', { problem: `checkpoint signal “${text}” is none of ${known}` })
}
