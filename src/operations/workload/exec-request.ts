/** How a further command in a workload is asked for, whichever way it runs then. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Workload } from '../../model/workload.ts'
import { processText } from '../fields.ts'

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must look like NAME')
  .max(256)

/** Arguments and environment together stay well below what a system takes for a new process. */
export const execFields = {
  command: z
    .array(processText(32_768))
    .min(1)
    .max(256)
    .describe('The program and its arguments; no shell is put around it'),
  workdir: processText(4_096).min(1).optional().describe('Working directory; the workload’s own when left out'),
  env: z
    .union([
      z.record(name, processText(32_768)),
      z.array(processText(32_768).regex(/^[A-Za-z_][A-Za-z0-9_]*=/, 'must be NAME=value')).max(256),
    ])
    .default({})
    .describe('Environment besides that of the workload: an object, or a list of NAME=value'),
}

/** Both spellings of an environment as one. */
export function environmentIn(
  env: Readonly<Record<string, string>> | readonly string[],
): Readonly<Record<string, string>> {
  if (!isList(env)) return env
  return Object.fromEntries(env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

const isList = (env: Readonly<Record<string, string>> | readonly string[]): env is readonly string[] =>
  Array.isArray(env)

/** Throws WORKLOAD_NOT_RUNNING. */
export function runningPlacement({ name, state, placement }: Workload): PlacementId {
  if (placement === null || !['running', 'stopping'].includes(state))
    throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state })
  return placement.id
}
