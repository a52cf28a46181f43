/** A policy for lending, from a file. */
import type { InputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'

/** Throws SPEC_INVALID, and INVALID_REQUEST for a file that cannot be read. */
export async function lendingPolicyFrom(
  file: string,
  session: Pick<Session, 'host'>,
): Promise<InputOf<'moltpolicy.set'>['policy']> {
  const { formatOf, textOf } = await import('./spec-file.ts')
  const { parseLendingPolicy } = await import('../../../specs/lending-policy.ts')
  const text = await textOf(file, session)
  return parseLendingPolicy(text, file === '-' ? 'standard input' : file, formatOf(file, text))
}
