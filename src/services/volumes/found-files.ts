/** What there is in a volume that work writes, as its archive tells: files by all of their names, what they hold, and what is no file. */
import type { LocalFile } from '../../core/volumes/write-back.ts'
import { Etags } from '../../lib/etag.ts'
import { BadTar, type TarPart } from '../../lib/tar-entries.ts'
import { partBytes } from '../../model/bucket.ts'

interface FoundFile extends LocalFile {
  readonly bytes: number
}

export class FoundFiles {
  readonly files = new Map<string, FoundFile>()
  /** Paths of symbolic links, devices and the like, which no store can hold. */
  readonly others = new Set<string>()
  readonly #mostBytes: number
  /** Further names of files, by the one at which the archive has what they hold. */
  readonly #links = new Map<string, string[]>()
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Throws BadTar once there is more than there may be, each name of a file counted: a store knows no links. */
  async add({ entry, content }: TarPart): Promise<void> {
    const { path, kind, bytes, linkTo } = entry
    if (kind === 'folder') return
    if (kind === 'file') {
      const sums = new Etags(partBytes)
      for await (const chunk of content) sums.add(chunk)
      return this.#put(path, { ...sums.sums(), bytes })
    }
    const linked = linkTo === null ? undefined : this.files.get(linkTo)
    if (linkTo === null || linked === undefined) return void this.others.add(path)
    this.#put(path, linked)
    const links = this.#links.get(linkTo) ?? []
    links.push(path)
    this.#links.set(linkTo, links)
  }

  /** Of the file that the archive has at this path; that path first. */
  namesOf(path: string): readonly string[] {
    return [path, ...(this.#links.get(path) ?? [])]
  }

  #put(path: string, file: FoundFile): void {
    this.#bytes += file.bytes
    if (this.#bytes > this.#mostBytes) throw new BadTar(`there are more than ${this.#mostBytes} bytes in it`)
    this.files.set(path, file)
  }
}
