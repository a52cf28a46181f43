/**
 * The part of node:fs/promises that the disk adapter uses, in memory, with a power switch. What a file or a folder held when it was last
 * flushed survives a cut; of what came after, the cut decides.
 */
import { constants } from 'node:fs'

/** What a cut leaves of what was not flushed: of files' content, and of folders' names. */
export interface Cut {
  readonly content: 'none' | 'half' | 'garbage' | 'all'
  readonly names: 'none' | 'all'
}

export const cuts: readonly Cut[] = (['none', 'half', 'garbage', 'all'] as const).flatMap((content) =>
  (['none', 'all'] as const).map((names) => ({ content, names })),
)

export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

interface Inode {
  now: Uint8Array
  flushed: Uint8Array
}

class Missing extends Error {
  readonly code = 'ENOENT'
}

class Full extends Error {
  readonly code = 'ENOSPC'
}

export class FailingFs {
  /** Operations that change something, so far. The one with number `cutAt` is done by half, and nothing after it. */
  operations = 0
  cutAt = Infinity
  /** Takes writes by half and then refuses them. */
  isFull = false
  #names = new Map<string, Inode>()
  #flushedNames = new Map<string, Inode>()

  /** The disk as the next start finds it. */
  recovered({ content, names }: Cut): FailingFs {
    const after = new FailingFs()
    for (const [path, inode] of names === 'all' ? this.#names : this.#flushedNames) {
      const kept = survivor(inode, content)
      after.#names.set(path, { now: kept, flushed: kept })
    }
    after.#flushedNames = new Map(after.#names)
    return after
  }

  mkdir(): Promise<void> {
    return Promise.resolve()
  }

  async readFile(path: string): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.#find(path).now))
  }

  /** Folders are nothing but the beginnings of names. */
  async readdir(path: string): Promise<string[]> {
    const names = [...this.#names.keys()].filter((name) => name.startsWith(`${path}/`))
    return Promise.resolve(names.map((name) => name.slice(path.length + 1)))
  }

  async stat(path: string): Promise<{ readonly size: number }> {
    return Promise.resolve({ size: this.#find(path).now.length })
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#change(() => {
      this.#names.set(to, this.#find(from))
      this.#names.delete(from)
    })
  }

  async rm(path: string): Promise<void> {
    await this.#change(() => void this.#names.delete(path))
  }

  async open(path: string, flags: string | number) {
    if (typeof flags === 'number' && (flags & constants.O_DIRECTORY) !== 0) return this.#folder()
    if (flags === 'w')
      await this.#change(() => {
        this.#names.set(path, { now: new Uint8Array(0), flushed: new Uint8Array(0) })
      })
    return this.#file(this.#find(path), typeof flags === 'number' && (flags & constants.O_DSYNC) !== 0)
  }

  #folder() {
    const sync = (): Promise<void> =>
      this.#change(() => {
        this.#flushedNames = new Map(this.#names)
      })
    return { sync, close: () => Promise.resolve() }
  }

  /** One that flushes as it writes can be cut between the two all the same. */
  #file(inode: Inode, flushesAsItWrites = false) {
    const flush = (): Promise<void> =>
      this.#change(() => {
        inode.flushed = inode.now
      })
    return {
      write: async (content: Uint8Array, offset: number, length: number, position: number) => {
        const put = (bytes: number): void => {
          const grown = new Uint8Array(Math.max(inode.now.length, position + bytes))
          grown.set(inode.now)
          grown.set(content.subarray(offset, offset + bytes), position)
          inode.now = grown
        }
        if (this.isFull) {
          put(length >> 1)
          throw new Full('no space left on device')
        }
        await this.#change(
          () => put(length),
          () => put(length >> 1),
        )
        if (flushesAsItWrites) await flush()
        return { bytesWritten: length }
      },
      read: async (into: Uint8Array, offset: number, length: number, position: number) => {
        const bytes = inode.now.subarray(position, position + length)
        into.set(bytes, offset)
        return Promise.resolve({ bytesRead: bytes.length })
      },
      truncate: (size: number) =>
        this.#change(() => {
          inode.now = inode.now.slice(0, size)
        }),
      sync: flush,
      datasync: flush,
      chmod: () => this.#change(() => {}),
      close: () => Promise.resolve(),
    }
  }

  #find(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new Missing(path)
    return inode
  }

  async #change(whole: () => void, half: () => void = () => {}): Promise<void> {
    await Promise.resolve()
    this.operations += 1
    if (this.operations < this.cutAt) return whole()
    if (this.operations === this.cutAt) half()
    throw new PowerCut(`power was cut at operation ${this.cutAt}`)
  }
}

function survivor({ now, flushed }: Inode, content: Cut['content']): Uint8Array {
  if (content === 'none' || now.length <= flushed.length) return content === 'all' ? now : flushed
  const kept = content === 'all' ? now.length : flushed.length + ((now.length - flushed.length) >> 1)
  const bytes = now.slice(0, kept)
  if (content === 'garbage') bytes.fill(0xc1, flushed.length)
  return bytes
}
