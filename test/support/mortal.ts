/** Ports that die with their daemon: after the end nothing comes back from them, and no timer fires. */
import type { Clock } from '../../src/ports/clock.ts'
import type { Disk, Journal } from '../../src/ports/journal.ts'
import type { World } from '../../src/simulation/world.ts'

export class Life {
  alive = true

  /** A call whose answer the dead never hear. */
  async of<T>(work: Promise<T>): Promise<T> {
    const settled = await Promise.allSettled([work])
    if (!this.alive) await new Promise<never>(() => 'for ever')
    const [result] = settled
    if (result.status === 'rejected') throw result.reason
    return result.value
  }

  /** An object whose methods all belong to this life. */
  bind<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key, object)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, object, args)
          return result instanceof Promise ? this.of(result) : result
        }
      },
    })
  }

  clock(world: World): Clock {
    return {
      now: () => world.now(),
      elapsed: () => world.elapsed(),
      after: (wait, run) => world.after(wait, () => (this.alive ? run() : undefined)),
    }
  }
}

/** A disk in memory. What an append had not finished when the daemon died is there or not, as chance has it. */
export class MemoryDisk implements Disk {
  readonly #world: World
  readonly #journals = new Map<string, Uint8Array[]>()

  constructor(world: World) {
    this.#world = world
  }

  /** The disk as one daemon has it. */
  of(life: Life): Disk {
    const { readBlob, writeBlob, streamBlob, removeBlob } = this
    return {
      openJournal: async (name) => life.bind(await life.of(this.openJournal(name))),
      readBlob,
      writeBlob,
      streamBlob,
      removeBlob,
    }
  }

  openJournal(name: string): Promise<Journal> {
    const records = this.#journals.get(name) ?? []
    this.#journals.set(name, records)
    return Promise.resolve({
      records: [...records],
      append: async (added) => {
        await this.#pass()
        records.push(...added)
        await this.#pass()
      },
      rewrite: async (all) => {
        await this.#pass()
        records.splice(0, records.length, ...all)
      },
      close: () => Promise.resolve(),
    })
  }

  readBlob(): Promise<null> {
    return Promise.resolve(null)
  }

  writeBlob(): Promise<void> {
    return Promise.resolve()
  }

  streamBlob(): Promise<void> {
    return Promise.resolve()
  }

  removeBlob(): Promise<void> {
    return Promise.resolve()
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => void this.#world.after(this.#world.next() * 20, resolve))
  }
}
