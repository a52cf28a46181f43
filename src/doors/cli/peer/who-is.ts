/** Who somebody is to the mesh of a context. */
import type { Millis } from '../../../model/time.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import { connectTo } from './connect.ts'
import { contextTarget } from './target.ts'
import type { Context } from './contexts.ts'

export type Me = OutputOf<'auth.whoami'>

/** Throws AUTH_FAILED when nobody. */
export async function whoIs(
  context: Context,
  { host, signal }: Pick<Session, 'host' | 'signal'>,
  patience?: Millis,
): Promise<Me> {
  const { addresses, operatorKey, mesh } = await contextTarget(context)
  const api = await connectTo(addresses, { host, keyFile: operatorKey, mesh, patience, reading: {}, signal })
  try {
    return await api.call('auth.whoami', {}, signal)
  } finally {
    await api.close()
  }
}
