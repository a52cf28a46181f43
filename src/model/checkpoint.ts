/** How work is told to save what it has done so far. */
import { z } from 'zod'

/** Signals that a program can handle and that mean nothing else to whatever runs it. */
export const checkpointSignals = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGWINCH',
] as const
export type CheckpointSignal = (typeof checkpointSignals)[number]

export const Checkpoint = z.strictObject({
  signal: z.enum(checkpointSignals).describe('Tells it to save what it has done so far'),
  path: z
    .string()
    .startsWith('/', 'must begin with /')
    .max(4_096)
    .optional()
    .describe('Where it saves, told as CLAW_CHECKPOINT_PATH; it outlives the container only if it is mounted'),
  intervalMs: z
    .int()
    .min(10_000, 'must be at least 10 s')
    .max(30 * 86_400_000)
    .optional()
    .describe('How often it is told while it runs; only before it leaves its node when left out'),
  saveMs: z
    .int()
    .min(0)
    .max(3_600_000, 'must be at most 1 h')
    .optional()
    .describe('How long it may save before SIGTERM follows when it leaves its node; its stop grace when left out'),
})
export type Checkpoint = z.infer<typeof Checkpoint>
