/** What the owner of this node has written about lending: in a file of its own, so that it counts after a restart as well. */
import { LendingPolicy } from '../../../model/molt-policy.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Disk } from '../../../ports/journal.ts'

const policyFile = 'molt-policy'

/** An empty one where none was written. Throws STATE_CORRUPT: whoever lends is not to lend at other prices because of a damaged file. */
export async function readPolicy(disk: Pick<Disk, 'readBlob'>): Promise<LendingPolicy> {
  const bytes = await disk.readBlob(policyFile)
  if (bytes === null) return {}
  try {
    return LendingPolicy.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: policyFile, detail: 'it is no policy' }, { cause })
  }
}

export async function writePolicy(disk: Pick<Disk, 'writeBlob'>, policy: LendingPolicy): Promise<void> {
  await disk.writeBlob(policyFile, Buffer.from(`${JSON.stringify(policy, null, 2)}\n`))
}
