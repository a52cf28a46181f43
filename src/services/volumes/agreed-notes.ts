/** What a volume and its store held when they were last the same: kept in a volume of the engine beside it, so that it goes where that goes. */
import { z } from 'zod'
import type { Agreed } from '../../core/volumes/write-back.ts'
import { tarEntries } from '../../lib/tar-entries.ts'
import { tarEnd, tarHeader, tarPadding } from '../../lib/tar-header.ts'
import type { Log } from '../../ports/log.ts'
import type { EngineVolume, VolumeEngine } from '../../ports/volumes.ts'

type Engine = Pick<VolumeEngine, 'ensure' | 'named' | 'remove' | 'abandon' | 'pack' | 'unpack'>

const suffix = '.agreed'
const file = 'agreed.json'
/** Of a hundred thousand of the longest names there are. */
const limits = { entries: 16, bytes: 512 * 1_048_576 } as const

const Notes = z.array(z.tuple([z.string(), z.string(), z.string()]))

export class AgreedNotes {
  readonly #engine: Engine
  readonly #log: Log

  constructor(engine: Engine, log: Log) {
    this.#engine = engine
    this.#log = log
  }

  /**
   * None where somebody has taken them from the engine, or writing them was cut off, since an engine cannot put a whole file in the place of
   * another: then all that differs counts as changed on both sides, and nothing as gone.
   */
  async read({ name, labels }: EngineVolume, signal: AbortSignal): Promise<ReadonlyMap<string, Agreed>> {
    const notes = `${name}${suffix}`
    if (!(await this.#engine.named(labels, signal)).includes(notes)) return new Map()
    const parts: Uint8Array[] = []
    for await (const { entry, content } of tarEntries(this.#engine.pack({ volume: notes }, signal), limits))
      if (entry.path === file) for await (const chunk of content) parts.push(Uint8Array.from(chunk))
    return parts.length === 0 ? new Map() : this.#notesIn(Buffer.concat(parts).toString('utf8'), notes)
  }

  #notesIn(text: string, volume: string): ReadonlyMap<string, Agreed> {
    try {
      return new Map(Notes.parse(JSON.parse(text)).map(([key, etag, md5]) => [key, { etag, md5 }]))
    } catch (error) {
      const reason = String(error).slice(0, 256)
      this.#log.warn('what a volume and its store agreed on cannot be read, and counts as not known', {
        volume,
        reason,
      })
      return new Map()
    }
  }

  async write(copy: EngineVolume, agreed: ReadonlyMap<string, Agreed>, signal: AbortSignal): Promise<void> {
    const notes = { ...copy, name: `${copy.name}${suffix}` }
    await this.#engine.ensure(notes, signal)
    const text = Buffer.from(JSON.stringify([...agreed].map(([key, { etag, md5 }]) => [key, etag, md5])))
    await this.#engine.unpack({ volume: notes.name }, archiveOf(text), signal)
  }

  async remove(copy: string, signal: AbortSignal): Promise<void> {
    const notes = `${copy}${suffix}`
    await this.#engine.abandon(notes, signal)
    await this.#engine.remove(notes, signal)
  }
}

async function* archiveOf(text: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(tarHeader({ name: file, bytes: text.length }))
  yield text
  yield tarPadding(text.length)
  yield tarEnd()
}
