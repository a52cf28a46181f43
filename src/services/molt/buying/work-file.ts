/** What a job runs, in a file of its own. */
import { Work } from '../../../model/molt-work.ts'
import type { Disk } from '../../../ports/journal.ts'

export const workFile = (job: string): string => `molt-job-${job}`

/** Null where there is none, or it is not what was written here. */
export async function readWork(disk: Pick<Disk, 'readBlob'>, job: string): Promise<Work | null> {
  const bytes = await disk.readBlob(workFile(job))
  if (bytes === null) return null
  const read = Work.safeParse(JSON.parse(Buffer.from(bytes).toString()))
  return read.success ? read.data : null
}
