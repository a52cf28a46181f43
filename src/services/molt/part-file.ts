/** Whether this node takes part in the market, and how: in a file of its own, so that it still does after a restart. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { type MoltMode, moltModes } from '../../model/molt.ts'
import type { Instant } from '../../model/time.ts'
import type { Disk } from '../../ports/journal.ts'

export interface Participation {
  readonly mode: MoltMode
  readonly since: Instant
}

/** The name of the file below the data directory. */
export const partFile = 'molt-part'

const FileSchema = z.strictObject({ version: z.literal(1), mode: z.enum(moltModes), since: z.number().min(0) })

/** Null for a node that takes no part. Throws STATE_CORRUPT: whoever lends is not to stop, or to begin, because of a damaged file. */
export async function readPart(disk: Pick<Disk, 'readBlob'>): Promise<Participation | null> {
  const bytes = await disk.readBlob(partFile)
  if (bytes === null) return null
  try {
    const { mode, since } = FileSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
    return { mode, since }
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: partFile, detail: 'it does not say how to take part' }, { cause })
  }
}

export async function writePart(
  disk: Pick<Disk, 'writeBlob' | 'removeBlob'>,
  part: Participation | null,
): Promise<void> {
  if (part === null) return disk.removeBlob(partFile)
  await disk.writeBlob(partFile, Buffer.from(`${JSON.stringify({ version: 1, ...part })}\n`))
}
