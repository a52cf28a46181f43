/** Work for strangers, from a file. */
import type { Session } from '../line/command.ts'
import type { MoltRequest } from './molt-request.ts'

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that cannot be read. */
export async function moltJobFrom(file: string, session: Pick<Session, 'host'>): Promise<MoltRequest> {
  const { formatOf, textOf } = await import('./spec-file.ts')
  const { parseMoltJob } = await import('../../../specs/molt-job.ts')
  const text = await textOf(file, session)
  return parseMoltJob(text, file === '-' ? 'standard input' : file, formatOf(file, text))
}
