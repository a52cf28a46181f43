/** Addresses of hosts, as the system finds them for every program. */
import { lookup } from 'node:dns/promises'

/** None for a name that has none, and where nobody can be asked. */
export async function lookUp(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    if (['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return []
    throw error
  }
}
