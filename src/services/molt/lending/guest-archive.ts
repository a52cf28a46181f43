/** Archives of strangers for the engine of this host: read to the last header, and written anew, so that the engine sees nothing of theirs but names and contents. */
import { BadTar, tarEntries } from '../../../lib/tar-entries.ts'
import { tarEnd, tarHeader, tarPadding } from '../../../lib/tar-header.ts'
import { profiles } from '../../../model/container-profile.ts'
import { mostEntries } from '../../../model/molt-data.ts'

/** In a container it is nobody's but the guest's. */
export const guestUser = Number(profiles.guest.user.split(':')[0])

/** Files and folders alone, all of them the guest's own. Throws BadTar. */
export async function* guestArchive(archive: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  for await (const { entry, content } of tarEntries(archive, { entries: mostEntries, bytes })) {
    const { path: name, kind, isRun, modified } = entry
    if (kind === 'other') throw new BadTar(`${JSON.stringify(name.slice(0, 256))} is neither a file nor a folder`)
    if (name === '') continue
    const isFolder = kind === 'folder'
    const header = { bytes: entry.bytes, isFolder, mode: isFolder || isRun ? 0o755 : 0o644, owner: guestUser, modified }
    yield tarHeader({ ...header, name: isFolder ? `${name}/` : name })
    yield* content
    yield tarPadding(entry.bytes)
  }
  yield tarEnd()
}
