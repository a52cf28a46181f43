/** Of which mesh the peers of a new context are. */
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import type { Context } from './contexts.ts'
import { whoIs } from './who-is.ts'

/** A context can be made before its peers run, or before anybody is let in. */
const patience = 3_000

/** Its id; null where nobody says it now. Whoever is not let in is told it all the same. */
export async function meshOf(
  context: Context,
  { host, signal }: Pick<Session, 'host' | 'signal'>,
): Promise<string | null> {
  // By libp2p it would take a second to get there; whoever comes that way signs, and says which mesh is meant.
  const addresses = context.addresses.filter((address) => !address.startsWith('/'))
  if (addresses.length === 0) return null
  const limited = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  try {
    return (await whoIs({ ...context, addresses }, { host, signal: limited }, patience)).mesh ?? null
  } catch (error) {
    signal.throwIfAborted()
    if (limited.aborted) return null
    if (!isClawError(error)) throw error
    return meshIn(error)
  }
}

function meshIn(error: ClawError): string | null {
  if (ClawError.is(error, 'AUTH_FAILED') && error.facts.mesh !== undefined) return error.facts.mesh
  return isClawError(error.cause) ? meshIn(error.cause) : null
}
