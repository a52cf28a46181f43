/** What the record store relies on. Every table of records must pass all of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RecordNet, RecordReply } from '../../src/ports/record-net.ts'
import type { MadeRecord } from '../support/molt/records.ts'

export interface NetLab {
  /** Four that know each other. */
  readonly nets: readonly RecordNet[]
  /** A record of somebody who is none of them; the one with the higher number is the later one. */
  readonly made: (sequence: bigint) => MadeRecord
  readonly play: <T>(work: Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

const topic = Buffer.alloc(32, 7)
const nobody = 99

export function recordNetConformance(name: string, make: () => Promise<NetLab>): void {
  describe(`${name} table of records`, () => {
    let lab: NetLab
    let [ada, bob, cyd]: RecordNet[] = []
    const { signal } = new AbortController()

    beforeEach(async () => {
      lab = await make()
      ;[ada, bob, cyd] = lab.nets
    })
    afterEach(() => lab.close())

    const the = (net: RecordNet | undefined): RecordNet => {
      if (net === undefined) throw new Error('there are too few')
      return net
    }
    const put = (net: RecordNet | undefined, { key, bytes }: MadeRecord, enough = nobody) =>
      lab.play(the(net).put(key, bytes, { enough, signal }))
    const local = (net: RecordNet | undefined, key: string) => lab.play(the(net).local(key))
    const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
      const list: T[] = []
      for await (const item of items) list.push(item)
      return list
    }

    test('what is put is kept by the one who puts it and by all that are close, who say so', async () => {
      const record = lab.made(1n)
      const { stored, failed } = await put(ada, record)
      expect({ stored: stored.length, failed }).toEqual({ stored: 3, failed: [] })
      for (const net of lab.nets) expect(await local(net, record.key)).toEqual(Uint8Array.from(record.bytes))
    })

    test('a put returns when enough have said so', async () => {
      const { stored } = await put(ada, lab.made(1n), 1)
      expect(stored.length).toBeGreaterThanOrEqual(1)
    })

    test('whoever asks hears from all others, and may leave when it has enough', async () => {
      const record = lab.made(1n)
      await put(ada, record)
      const replies = await lab.play(all(the(bob).ask(record.key, signal)))
      const values = replies.filter(({ value }) => value !== null)
      expect(values.map(({ from }) => from)).not.toContain(the(bob).self)
      expect(values).toHaveLength(3)
      const first = async (): Promise<RecordReply | undefined> => {
        const asked = the(bob).ask(record.key, signal)[Symbol.asyncIterator]()
        const { value } = (await asked.next()) as IteratorYieldResult<RecordReply>
        await asked.return?.()
        return value
      }
      expect((await lab.play(first()))?.from).not.toBe(the(bob).self)
    })

    test('of what nobody has there are only answers without it', async () => {
      const replies = await lab.play(all(the(bob).ask(lab.made(1n).key, signal)))
      expect(replies.map(({ value }) => value)).toEqual(replies.map(() => null))
    })

    test('the better record stays, whichever way the other comes', async () => {
      const [old, next] = [lab.made(1n), lab.made(2n)]
      await put(ada, next)
      await expect(put(ada, old)).rejects.toThrow()
      await lab.play(the(ada).correct(the(bob).self, old.key, old.bytes, signal))
      expect(await local(bob, old.key)).toEqual(Uint8Array.from(next.bytes))
    })

    test('a peer that has the older one is corrected', async () => {
      const [old, next] = [lab.made(1n), lab.made(2n)]
      await put(ada, old)
      await lab.play(the(ada).correct(the(cyd).self, next.key, next.bytes, signal))
      expect(await local(cyd, old.key)).toEqual(Uint8Array.from(next.bytes))
    })

    test('all that is kept can be counted, and forgotten', async () => {
      const record = lab.made(1n)
      await put(ada, record)
      expect(await lab.play(all(the(ada).kept()))).toEqual([{ key: record.key, value: Uint8Array.from(record.bytes) }])
      await lab.play(the(ada).forget(record.key))
      await lab.play(the(ada).forget(record.key))
      expect(await local(ada, record.key)).toBeNull()
      expect(await lab.play(all(the(ada).kept()))).toEqual([])
    })

    test('whoever says that it has something is found by the others, once', async () => {
      await lab.play(the(ada).provide(topic, signal))
      const found = await lab.play(all(the(cyd).findProviders(topic, signal)))
      expect(found.map(({ node }) => node)).toEqual([the(ada).self])
      expect(await lab.play(all(the(cyd).findProviders(Buffer.alloc(32, 8), signal)))).toEqual([])
    })

    test('the closest to a key are the others, in the order of their distance, the same for the same key', async () => {
      const closest = await lab.play(the(ada).closest('/claw-node/aaaa'))
      expect(new Set(closest)).toEqual(new Set(lab.nets.slice(1).map(({ self }) => self)))
      expect(await lab.play(the(ada).closest('/claw-node/aaaa'))).toEqual(closest)
    })

    test('nothing that was given up goes on as if it had not been', async () => {
      const given = AbortSignal.abort(new Error('given up'))
      const { key, bytes } = lab.made(1n)
      const works: (() => Promise<unknown>)[] = [
        () => the(ada).put(key, bytes, { enough: 1, signal: given }),
        () => all(the(ada).ask(key, given)),
        () => the(ada).provide(topic, given),
        () => all(the(ada).findProviders(topic, given)),
      ]
      for (const work of works) await expect(lab.play(work())).rejects.toThrow('given up')
      expect(await local(bob, key)).toBeNull()
    })
  })
}
