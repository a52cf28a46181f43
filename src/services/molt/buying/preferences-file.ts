/** What the owner of this node has written about buying: in a file of its own, so that it counts after a restart as well. */
import { ClawError } from '../../../model/failure.ts'
import { BuyingPreferences } from '../../../model/molt-preferences.ts'
import type { Disk } from '../../../ports/journal.ts'

const preferencesFile = 'molt-buying'

/** None where none were written. Throws STATE_CORRUPT: whoever buys is not to spend more because of a damaged file. */
export async function readPreferences(disk: Pick<Disk, 'readBlob'>): Promise<BuyingPreferences> {
  const bytes = await disk.readBlob(preferencesFile)
  if (bytes === null) return {}
  try {
    return BuyingPreferences.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: preferencesFile, detail: 'it holds no preferences' }, { cause })
  }
}

export async function writePreferences(disk: Pick<Disk, 'writeBlob'>, preferences: BuyingPreferences): Promise<void> {
  await disk.writeBlob(preferencesFile, Buffer.from(`${JSON.stringify(preferences, null, 2)}\n`))
}
