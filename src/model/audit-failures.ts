/** What can go wrong with the record of what was done. */
import { failure } from './failure-row.ts'

export const auditFailures = {
  AUDIT_BROKEN: failure(
    'refused',
    ({ where, problem }: { where: string; problem: string }) => `The audit log of ${where} is not whole: ${problem}.`,
    'Keep a copy of the folder `audit` in its data directory, and compare with what was exported before.',
  ),
  AUDIT_UNREADABLE: failure(
    'invalid',
    ({ file, problem }: { file: string; problem: string }) => `${file} is no exported audit log: ${problem}.`,
    'Give a file that `clawbernetes audit export` wrote.',
  ),
}
