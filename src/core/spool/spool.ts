/** What a peer without a leader keeps for the mesh: submissions, oldest first, and what became of those that were refused. */
import { z } from 'zod'
import type { FailureBody } from '../../model/failure.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import * as shape from '../state/schemas.ts'

export interface Spooled {
  /** The id that the mesh knows the command by: with it, however often it is handed over, it takes effect once. */
  readonly command: string
  /** The id that the workload has, or will have. */
  readonly workload: WorkloadId
  readonly name: string
  readonly spec: WorkloadSpec
  readonly by: string
  /** The members that vouched for that. */
  readonly via?: readonly NodeId[]
  readonly at: Instant
  /** It was handed over at least once, so it may have taken effect although nobody said so. */
  readonly isTried: boolean
  /** Why the mesh did not take it; null while it waits. */
  readonly refusal: FailureBody | null
}

export type Spool = readonly Spooled[]

/** What a peer keeps at most. */
export const spoolLimits = { entries: 256, bytes: 8 * 1_024 * 1_024 } as const

export const spooledBy = (spool: Spool, command: string): Spooled | null =>
  spool.find((one) => one.command === command) ?? null

/** Puts one behind the others; one that is there already stays as it is. Throws SPOOL_FULL. */
export function keep(spool: Spool, submission: Spooled): Spool {
  if (spooledBy(spool, submission.command) !== null) return spool
  const after = [...spool, submission]
  if (after.length > spoolLimits.entries || encodeSpool(after).length > spoolLimits.bytes)
    throw new ClawError('SPOOL_FULL', { entries: spool.length })
  return after
}

export const without = (spool: Spool, command: string): Spool => spool.filter((one) => one.command !== command)

export const changed = (spool: Spool, command: string, parts: Partial<Spooled>): Spool =>
  spool.map((one) => (one.command === command ? { ...one, ...parts } : one))

/** Those that wait to be handed over, oldest first. */
export const waiting = (spool: Spool): Spool => spool.filter(({ refusal }) => refusal === null)

const File = z.strictObject({
  version: z.literal(1),
  entries: z.array(
    z.strictObject({
      command: z.string().min(1).max(256),
      workload: shape.WorkloadIdSchema,
      name: shape.workloadName,
      spec: shape.WorkloadSpec,
      by: z.string().min(1).max(256),
      via: z.array(shape.NodeIdSchema).max(8).exactOptional(),
      at: shape.instant,
      isTried: z.boolean(),
      refusal: z
        .strictObject({ code: z.string(), message: z.string(), hint: z.string(), facts: z.unknown().optional() })
        .nullable(),
    }),
  ),
})

export const encodeSpool = (entries: Spool): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ version: 1, entries }))

/** Null for what is no spool. */
export function decodeSpool(bytes: Uint8Array): Spool | null {
  try {
    return File.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).entries
  } catch {
    // Bytes from a disk: whatever is wrong with them, they are no spool.
    return null
  }
}
