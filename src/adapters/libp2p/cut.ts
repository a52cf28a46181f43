/** Ends a connection at once, in whatever state it is. */
import type { Connection } from '@libp2p/interface'

/**
 * libp2p's own `abort` says goodbye through the encryption first, and throws when that has ended already, as it has while a
 * connection closes. Then an orderly close takes down what is left.
 */
export function cut(connection: Connection, reason: Error): void {
  try {
    connection.abort(reason)
  } catch {
    // What cannot be closed either is gone already, which is all that was wanted.
    connection.close({ signal: AbortSignal.timeout(1_000) }).catch(() => 'gone')
  }
}
