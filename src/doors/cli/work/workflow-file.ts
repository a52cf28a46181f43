/** Reads the one workflow that a file holds. */
import { ClawError } from '../../../model/failure.ts'
import type { InputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import { readSpecs } from './spec-file.ts'
import { namespaceIn } from './timed.ts'

interface Said {
  /** Instead of the name in the file. */
  readonly name: string | undefined
  /** Where the file says nothing of it. */
  readonly namespace: string | undefined
}

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that holds something else. */
export async function readWorkflow(file: string, said: Said, session: Session): Promise<InputOf<'workflow.validate'>> {
  const { documents } = await readSpecs(file, session)
  const [first, ...others] = documents
  if (first?.kind !== 'workflow' || others.length > 0)
    throw new ClawError('INVALID_REQUEST', {
      problem: `${file} is not one workflow: see clawbernetes explain workflow`,
    })
  const { request } = first
  return { ...request, name: said.name ?? request.name, namespace: request.namespace ?? namespaceIn(said, session) }
}
