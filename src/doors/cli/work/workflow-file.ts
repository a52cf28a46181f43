/** Reads the one workflow that a file holds. */
import { ClawError } from '../../../model/failure.ts'
import type { InputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import { readSpecs } from './spec-file.ts'

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that holds something else. */
export async function readWorkflow(
  file: string,
  session: Pick<Session, 'host' | 'out'>,
): Promise<InputOf<'workflow.create'>> {
  const { documents } = await readSpecs(file, session)
  const [first, ...others] = documents
  if (first?.kind !== 'workflow' || others.length > 0)
    throw new ClawError('INVALID_REQUEST', {
      problem: `${file} is not one workflow: see clawbernetes explain workflow`,
    })
  return first.request
}
