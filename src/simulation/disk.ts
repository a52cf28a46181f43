/** A disk in memory that can lose power, run full and rot. The file format is the real one; a test holds it to what the real disk promises. */
import { encodeFile, encodeRecords, saltSize, scan } from '../lib/record-file.ts'
import { ClawError } from '../model/failure.ts'
import type { Millis } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { BlobHead, Disk, Journal } from '../ports/journal.ts'
import type { Random } from '../ports/random.ts'
import { SimFile } from './disk-file.ts'

export interface SimDiskDeps {
  readonly random: Random
  /** How long a flush takes; without a clock it takes no time. */
  readonly clock?: Clock
  readonly latency?: Millis
}

const validName = /^[a-z0-9][a-z0-9._-]{0,63}$/

export class SimDisk implements Disk {
  /** Bytes that fit on it in all. */
  capacity = Infinity
  readonly #deps: SimDiskDeps
  #files = new Map<string, SimFile>()
  /** Raised by a power cut: what was open before is of no use any more. */
  #life = 0

  constructor(deps: SimDiskDeps) {
    this.#deps = deps
  }

  async openJournal(name: string): Promise<Journal> {
    const path = `${checked(name)}.journal`
    const file = this.#files.get(path)
    if (file === undefined) {
      await this.#replace(path, encodeFile(this.#deps.random.bytes(saltSize), []))
      return this.openJournal(name)
    }
    const found = scan(file.content)
    if ('damage' in found) {
      this.#files.delete(path)
      this.#files.set(`${path}.damaged`, file)
      throw new ClawError('STATE_CORRUPT', { file: path, detail: found.damage })
    }
    file.truncate(found.end)
    file.sync()
    return this.#journal(path, found)
  }

  readBlob(name: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.#files.get(checked(name))?.content.slice() ?? null)
  }

  async writeBlob(name: string, bytes: Uint8Array): Promise<void> {
    await this.#replace(checked(name), bytes)
  }

  /** Takes the time of a flush for each part, so that the power can go between any two of them. */
  async streamBlob(name: string, parts: AsyncIterable<Uint8Array>, head: BlobHead): Promise<void> {
    const written: Uint8Array[] = []
    let length = head.length
    for await (const part of parts) {
      written.push(part.slice())
      length += part.length
      if (this.used + length > this.capacity) throw new ClawError('DISK_FULL', { path: checked(name) })
      await this.#flush()
    }
    await this.#replace(checked(name), new Uint8Array(Buffer.concat([head.make(), ...written])))
  }

  removeBlob(name: string): Promise<void> {
    this.#files.delete(checked(name))
    return Promise.resolve()
  }

  /** The power goes: what was not flushed is lost, torn or kept as chance decides, and nothing that was under way ever returns. */
  crash(): void {
    this.#life += 1
    this.#files = new Map([...this.#files].map(([path, file]) => [path, file.crash(this.#deps.random)]))
  }

  /** Everything is gone, as after the disk was replaced. */
  wipe(): void {
    this.#life += 1
    this.#files.clear()
  }

  /** Damages one byte of a journal's file. */
  rot(journal: string, at: number): void {
    this.#fileOf(journal).flip(at)
  }

  /** Cuts so many bytes from the end of a journal's file. */
  tear(journal: string, bytes: number): void {
    const file = this.#fileOf(journal)
    file.truncate(file.length - bytes)
  }

  get used(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.length, 0)
  }

  #fileOf(journal: string): SimFile {
    const file = this.#files.get(`${journal}.journal`)
    if (file === undefined) throw new Error(`there is no journal ${journal}`)
    return file
  }

  #journal(path: string, found: { readonly salt: Uint8Array; readonly records: readonly Uint8Array[] }): Journal {
    const life = this.#life
    let { salt } = found
    let isBroken = false
    const whole = async (write: () => Promise<void>): Promise<void> => {
      if (isBroken || life !== this.#life) throw new Error(`${path} must be opened again after a failed write`)
      isBroken = true
      await write()
      isBroken = false
    }
    return {
      records: found.records,
      append: (records) =>
        whole(async () => {
          if (records.length > 0) await this.#append(path, (end) => encodeRecords(salt, end, records))
        }),
      rewrite: (records) =>
        whole(async () => {
          salt = this.#deps.random.bytes(saltSize)
          await this.#replace(path, encodeFile(salt, records))
        }),
      close: () => Promise.resolve(),
    }
  }

  async #append(path: string, encode: (end: number) => Uint8Array): Promise<void> {
    const life = this.#life
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`there is no file ${path}`)
    const bytes = encode(file.length)
    const room = this.capacity - this.used
    file.append(bytes.subarray(0, Math.max(0, room)))
    if (bytes.length > room) throw new ClawError('DISK_FULL', { path })
    await this.#flush()
    if (life === this.#life) file.sync()
  }

  /** Written beside the old file first, so both need space for a moment. */
  async #replace(path: string, content: Uint8Array): Promise<void> {
    if (this.used + content.length > this.capacity) throw new ClawError('DISK_FULL', { path })
    const life = this.#life
    const bytes = content.slice()
    await this.#flush()
    if (life === this.#life) this.#files.set(path, new SimFile(bytes))
  }

  /** Never returns when the power goes meanwhile. */
  async #flush(): Promise<void> {
    const { clock, latency = 0 } = this.#deps
    const life = this.#life
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => {
      if (life === this.#life) resolve()
    }
    if (clock === undefined) done()
    else clock.after(latency, done)
    await promise
  }
}

function checked(name: string): string {
  if (!validName.test(name)) throw new Error(`${name} is no name for a file`)
  return name
}
