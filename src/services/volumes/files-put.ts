/** Puts files of a volume into its store, while the archive of the volume goes by once, however many names a file has. */
import type { Agreed, LocalFile } from '../../core/volumes/write-back.ts'
import { Etags } from '../../lib/etag.ts'
import { passing } from '../../lib/passing.ts'
import type { TarPart } from '../../lib/tar-entries.ts'
import { partBytes } from '../../model/bucket.ts'
import type { ObjectStore, StoredObject } from '../../ports/objects.ts'

interface Putting {
  readonly store: Pick<ObjectStore, 'read' | 'write'>
  readonly wanted: ReadonlySet<string>
  /** Names of the file at a path, as they were when the volume was looked at. */
  readonly namesOf: (path: string) => readonly string[]
  /** What is known to be the same on both sides: what is put is noted there. */
  readonly agreed: Map<string, Agreed>
  readonly onBytes: (bytes: number) => void
}

export class FilesPut {
  readonly #deps: Putting
  readonly #put = new Set<string>()
  /** What the store has got of the file at a path. */
  readonly #there = new Map<string, StoredObject>()
  /** Further names that are wanted, each with the path at which the archive has what it holds. */
  readonly #links: { readonly name: string; readonly path: string }[] = []
  #bytes = 0

  constructor(deps: Putting) {
    this.#deps = deps
  }

  /** Names in the order in which they were put. */
  get names(): readonly string[] {
    return [...this.#put]
  }

  /** Throws VOLUME_TARGET. */
  async add({ entry: { path, kind, bytes, linkTo }, content }: TarPart, signal: AbortSignal): Promise<void> {
    const { wanted, namesOf } = this.#deps
    if (linkTo !== null && wanted.has(path)) this.#links.push({ name: path, path: linkTo })
    if (kind !== 'file') return
    // Of a file that has changed under one of its names alone, what it was may have been put by that name before: this is what it is.
    const name = wanted.has(path) ? path : namesOf(path).find((one) => wanted.has(one) && !this.#put.has(one))
    if (name === undefined) return
    // The archive may use the memory of a chunk again, and an upload keeps it for a while.
    const etag = await this.#write(name, copied(content), signal)
    this.#there.set(path, { key: name, bytes, etag, modified: 0 })
  }

  /**
   * Puts the other names of what was put, once the archive has gone by: with what the store holds by then, since that is in no memory here.
   * Throws VOLUME_TARGET, VOLUME_SOURCE, and VOLUME_COPY_CUT for what somebody has changed there meanwhile.
   */
  async addLinks(signal: AbortSignal): Promise<void> {
    const { store, agreed } = this.#deps
    for (const { name, path } of this.#links) {
      const there = this.#there.get(path)
      // A name that was no link any more has taken what is its own.
      const isThere = there !== undefined && there.key !== name && agreed.get(there.key)?.etag === there.etag
      if (isThere) await this.#write(name, store.read(there, signal), signal)
    }
  }

  async #write(name: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
    const { store, agreed, onBytes } = this.#deps
    let sums: LocalFile = { md5: '', etags: [] }
    const told = passing(content, (chunk) => onBytes((this.#bytes += chunk.length)))
    const said = await store.write(
      name,
      summed(told, (found) => (sums = found)),
      signal,
    )
    const etag = said || (sums.etags[0] ?? '')
    agreed.set(name, { etag, md5: sums.md5 })
    this.#put.add(name)
    return etag
  }
}

/** The same content; what it comes to is told at its end. */
export async function* summed(
  content: AsyncIterable<Uint8Array>,
  told: (sums: LocalFile) => void,
): AsyncGenerator<Uint8Array> {
  const sums = new Etags(partBytes)
  yield* passing(content, (chunk) => sums.add(chunk))
  told(sums.sums())
}

async function* copied(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) yield Uint8Array.from(chunk)
}
