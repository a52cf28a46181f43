import { beforeEach, expect, test, vi } from 'vitest'
import { openDisk } from '../../../../src/adapters/disk/disk.ts'
import { RaftLog } from '../../../../src/core/consensus/log.ts'
import type { HardState } from '../../../../src/core/consensus/types.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Entry } from '../../../../src/model/raft.ts'
import type { Disk } from '../../../../src/ports/journal.ts'
import { silent } from '../../../../src/ports/log.ts'
import { LedgerStore } from '../../../../src/services/agent/ledger-store.ts'
import { RaftStore } from '../../../../src/services/consensus/raft-store.ts'
import type { Cut } from '../../../support/failing-fs.ts'
import { cuts, FailingFs, PowerCut } from '../../../support/failing-fs.ts'
import { figure } from '../../../support/figure.ts'

const power = vi.hoisted((): { fs: unknown } => ({ fs: null }))

vi.mock('node:fs/promises', () => {
  const through =
    (name: string) =>
    (...args: unknown[]): unknown =>
      (power.fs as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
  return Object.fromEntries(['mkdir', 'open', 'readFile', 'rename', 'rm'].map((name) => [name, through(name)]))
})

beforeEach(() => {
  power.fs = new FailingFs()
})

/** Plays the script with the power cut at every single operation, in every way, and looks at what is left. */
async function atEveryCut(
  script: (disk: Disk) => Promise<void>,
  look: (disk: Disk, cut: Cut) => Promise<void>,
): Promise<number> {
  let points = 0
  for (let cutAt = 1; ; cutAt += 1) {
    const fs = new FailingFs()
    fs.cutAt = cutAt
    power.fs = fs
    if (!(await wasCut(async () => script(await openDisk('/d'))))) return points
    for (const cut of cuts) {
      power.fs = fs.recovered(cut)
      await look(await openDisk('/d'), cut)
      points += 1
    }
  }
}

async function wasCut(run: () => Promise<void>): Promise<boolean> {
  try {
    await run()
    return false
  } catch (error) {
    if (error instanceof PowerCut) return true
    throw error
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const joined = (records: readonly Uint8Array[]): string =>
  records.map((record) => new TextDecoder().decode(record)).join(' ')

test('a journal comes back as it was before or after what the power cut interrupted', async () => {
  const states = ['', 'a', 'a b c', 'x', 'x y', 'x y z']
  let done = 0
  const points = await atEveryCut(
    async (disk) => {
      done = 0
      const journal = await disk.openJournal('log')
      const steps = [
        () => journal.append([bytes('a')]),
        () => journal.append([bytes('b'), bytes('c')]),
        () => journal.rewrite([bytes('x')]),
        () => journal.append([bytes('y')]),
        () => journal.append([bytes('z')]),
      ]
      for (const step of steps) {
        await step()
        done += 1
      }
      await journal.close()
    },
    async (disk) => {
      const journal = await disk.openJournal('log')
      const found = joined(journal.records)
      const allowed = states.slice(done, done + 2)
      // The middle of an append of two records may have been reached.
      if (done === 1) allowed.push('a b')
      expect(allowed).toContain(found)
      await journal.append([bytes('more')])
      await journal.close()
      expect(joined((await disk.openJournal('log')).records)).toBe(`${found} more`.trim())
    },
  )
  figure('F10', { journalWriteBoundaries: points })
  expect(points).toBeGreaterThanOrEqual(150)
})

test('a blob is the old one or the new one, never between', async () => {
  let done = 0
  const points = await atEveryCut(
    async (disk) => {
      done = 0
      for (const text of ['first, which is long', 'second']) {
        await disk.writeBlob('thing', bytes(text), { secret: true })
        done += 1
      }
      await disk.removeBlob('thing')
    },
    async (disk) => {
      const found = await disk.readBlob('thing')
      const versions = [null, 'first, which is long', 'second', null]
      expect(versions.slice(done, done + 2)).toContain(found === null ? null : joined([found]))
    },
  )
  expect(points).toBeGreaterThanOrEqual(80)
})

test('a blob that comes in parts is the old one or the new one, never between', async () => {
  let done = 0
  async function* parts(text: string) {
    for (const part of text.split(/(?=[A-Z])/)) yield await Promise.resolve(bytes(part))
  }
  const points = await atEveryCut(
    async (disk) => {
      done = 0
      for (const text of ['FirstWhichIsLong', 'SecondOne']) {
        await disk.streamBlob('thing', parts(text), { length: 3, make: () => bytes('ok:') })
        done += 1
      }
    },
    async (disk) => {
      const found = await disk.readBlob('thing')
      const versions = [null, 'ok:FirstWhichIsLong', 'ok:SecondOne']
      expect(versions.slice(done, done + 2)).toContain(found === null ? null : joined([found]))
    },
  )
  expect(points).toBeGreaterThanOrEqual(150)
})

test('a full disk is told, the old content stays, and the journal must be opened again', async () => {
  const fs = new FailingFs()
  power.fs = fs
  const disk = await openDisk('/d')
  await disk.writeBlob('thing', bytes('old'))
  const journal = await disk.openJournal('log')
  await journal.append([bytes('a')])
  fs.isFull = true
  await expect(journal.append([bytes('b')])).rejects.toMatchObject({ code: 'DISK_FULL' })
  await expect(disk.writeBlob('thing', bytes('new'))).rejects.toMatchObject({ code: 'DISK_FULL' })
  fs.isFull = false
  await expect(journal.append([bytes('c')])).rejects.toThrow('must be opened again')
  expect(joined([(await disk.readBlob('thing')) ?? bytes('gone')])).toBe('old')
  const reopened = await disk.openJournal('log')
  expect(joined(reopened.records)).toBe('a')
  await reopened.append([bytes('d')])
  expect(joined((await disk.openJournal('log')).records)).toBe('a d')
})

const [a, b] = ['a', 'b'].map(nodeId)
const founders = [a, b].flatMap((id) => id ?? [])
const command = (index: number, term: number): Entry => ({ kind: 'command', index, term, payload: bytes(`${index}`) })
const hard = (term: number): HardState => ({ term, vote: founders[0] ?? null, mute: false })

test('consensus finds every promise again that it made before the power was cut', async () => {
  let promised = { term: 0, last: { index: 1, term: 0 } }
  const points = await atEveryCut(
    async (disk) => {
      promised = { term: 0, last: { index: 1, term: 0 } }
      const store = new RaftStore(disk, silent, () => Promise.resolve())
      const { log } = await store.open(founders)
      const append = async (term: number, ...entries: Entry[]): Promise<void> => {
        await store.append({ hard: hard(term), entries, done: { type: 'tick' } })
        if ((entries[0]?.index ?? Infinity) <= log.lastIndex) log.truncate(entries[0]?.index ?? 0)
        log.append(entries)
        promised = { term, last: log.last }
      }
      await append(1, command(2, 1), command(3, 1))
      await append(2, command(3, 2), command(4, 2), command(5, 2))
      await store.writeSnapshot({ index: 4, term: 2, voters: founders }, [bytes('state '), bytes('at '), bytes('4')])
      log.compact(3)
      await store.rewrite(hard(2), log)
      await append(3, command(6, 3))
      const installed = { index: 20, term: 5, voters: founders, data: bytes('state at 20') }
      await store.writeSnapshot(installed, [bytes('state '), bytes('at 20')])
      const fresh = new RaftLog(installed)
      await store.rewrite(hard(5), fresh)
      promised = { term: 5, last: fresh.last }
      await store.append({ hard: null, entries: [command(21, 5)], done: { type: 'tick' } })
      promised = { term: 5, last: { index: 21, term: 5 } }
      await store.close()
    },
    async (disk) => {
      const store = new RaftStore(disk, silent, () => Promise.resolve())
      const { hard: found, log, snapshot } = await store.open(founders)
      expect(found.mute).toBe(false)
      expect(found.term).toBeGreaterThanOrEqual(promised.term)
      if (found.term === promised.term && found.term > 0) expect(found.vote).toBe('a')
      const { index, term } = promised.last
      expect(log.lastIndex).toBeGreaterThanOrEqual(index)
      if (index >= log.base.index && log.last.term === term) expect(log.termAt(index)).toBe(term)
      expect(log.base.index).toBeLessThanOrEqual(snapshot?.index ?? 0)
      if (snapshot !== null) expect(joined([snapshot.data])).toBe(`state at ${snapshot.index}`)
      expect(log.voters).toEqual(founders)
      await store.append({ hard: null, entries: [command(log.lastIndex + 1, 9)], done: { type: 'tick' } })
      const again = await store.open(founders)
      expect(again.log.last).toEqual({ index: log.lastIndex + 1, term: 9 })
      await store.close()
    },
  )
  figure('F10', { raftWriteBoundaries: points })
  expect(points).toBeGreaterThanOrEqual(300)
})

/** Two devices, handed from one placement to the next for as long as it takes until the journal is written anew. */
const holding = (i: number): PlacementId => placementId(workloadId(`wl-${i}`), 1)

test('the device ledger remembers every device that it has given out before the power was cut, and gives none out twice', async () => {
  let kept: readonly string[] = []
  const points = await atEveryCut(
    async (disk) => {
      kept = []
      const store = new LedgerStore(disk)
      await store.open()
      for (let i = 0; i < 4; i += 1) {
        const placement = holding(i)
        await store.write({ type: 'acquire', placement, devices: [`GPU-${i % 2}`] })
        kept = [...kept, `${placement} held`]
        await store.write({ type: 'started', placement })
        kept = [...kept.slice(0, -1), `${placement} started`]
        if (i === 0) continue
        await store.write({ type: 'release', placement: holding(i - 1) })
        kept = kept.filter((one) => !one.startsWith(holding(i - 1))).concat(`${holding(i - 1)} over`)
      }
      await store.close()
    },
    async (disk) => {
      const store = new LedgerStore(disk)
      await store.open()
      const found = Array.from(store.ledger.values(), ({ placement, phase }) => [placement, phase] as const)
      // What was under way when the power went may have been written, or not.
      const phases = ['held', 'started', 'over']
      for (const [placement, phase] of kept.map((one) => one.split(' ') as [string, string])) {
        const now = found.find(([one]) => one === placement)?.[1] ?? 'nothing'
        expect(phases.indexOf(now)).toBeGreaterThanOrEqual(phases.indexOf(phase))
      }
      const live = [...store.ledger.values()].filter(({ phase }) => phase !== 'over').flatMap(({ devices }) => devices)
      expect(new Set(live).size).toBe(live.length)
      for (const device of live) {
        const again = await store.write({ type: 'acquire', placement: holding(99), devices: [device] })
        expect(again.ok).toBe(false)
      }
      await store.close()
    },
  )
  figure('F10', { ledgerWriteBoundaries: points })
  expect(points).toBeGreaterThanOrEqual(150)
})
