/** Keeps on disk until when operators whose clocks are ahead have signed, for the next start of this daemon. */
import type { NodeId } from '../model/ids.ts'
import { second } from '../model/time.ts'
import type { SignedAhead } from '../operations/signed/signed-ahead.ts'
import type { Ground } from './ground.ts'

const fileName = 'signed-ahead'
/** A key that signs so far ahead that nothing takes it is never noted, and there are no more operators than this. */
const most = 1_000

export async function signedAheadOf({
  disk,
  clock,
  log,
}: Pick<Ground, 'disk' | 'clock' | 'log'>): Promise<SignedAhead> {
  const bytes = await disk.readBlob(fileName)
  const before = new Map(bytes === null ? [] : marksIn(bytes))
  const marks = new Map(before)
  let writing: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    const now = clock.now() / second
    for (const [key, until] of marks) if (until < now) marks.delete(key)
    await disk.writeBlob(fileName, new TextEncoder().encode(JSON.stringify(Object.fromEntries(marks))))
  }
  return {
    until: (key: NodeId) => before.get(key) ?? 0,
    note(key, created) {
      if ((marks.get(key) ?? 0) >= created || (marks.size >= most && !marks.has(key))) return
      marks.set(key, created)
      writing = writing
        .then(write)
        .catch((error: unknown) => log.warn('what was signed ahead could not be kept', { error }))
    },
  }
}

/** One that cannot be read tells nothing: it is of the last minute, or of no use. */
function marksIn(bytes: Uint8Array): readonly [string, number][] {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const entries: [string, unknown][] = typeof json === 'object' && json !== null ? Object.entries(json) : []
    return entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  } catch {
    return []
  }
}
