import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLogStore } from '../../../../src/adapters/logs/file-log-store.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { blockOf, linesOf } from '../../../../src/lib/log-block.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { type PlacementId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Executor, TaskStatus } from '../../../../src/ports/executor.ts'
import type { Millis } from '../../../../src/model/time.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { LogPiece, LogStore, LogWriter } from '../../../../src/ports/log-store.ts'
import { type KeptQuery, LogKeeper } from '../../../../src/services/logs/log-keeper.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { never } from '../../adapters/scripted-tools.ts'

const workload = workloadId('wl-a')
const placement = placementId(workload, 1)

/** An engine with one task, whose output a test writes. */
class FakeEngine {
  status: TaskStatus['status'] = { state: 'running', startedAt: 0 }
  isKnown = true
  /** How long a follower waits for each line, once somebody has asked for the last one. */
  slowness: Millis = 0
  readonly texts: string[] = []
  /** How often its log was opened from which position. */
  readonly opened: (number | null)[] = []
  #isLastKnown = false
  #wake: (() => void)[] = []
  #listeners: ((status: TaskStatus) => void)[] = []
  #failure: Error | null = null

  print(...texts: readonly string[]): void {
    this.texts.push(...texts)
    this.#ring()
  }

  end(): void {
    this.status = { state: 'ended', exitCode: 0, error: null, endedAt: 1 }
    for (const listener of this.#listeners) listener(this.task)
    this.#ring()
  }

  breakOff(): void {
    this.#failure = new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'test' })
    this.#ring()
  }

  get task(): TaskStatus {
    return { placement, workload, handle: 'c', devices: [], status: this.status }
  }

  #ring(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  get executor(): Executor {
    const status = (of: PlacementId): TaskStatus | null => (of === placement && this.isKnown ? this.task : null)
    const onStatus = (listener: (status: TaskStatus) => void): (() => void) => {
      this.#listeners.push(listener)
      return () => {}
    }
    return {
      kind: 'docker',
      status,
      onStatus,
      logs: (...asked) => this.#logs(...asked),
    } as Partial<Executor> as Executor
  }

  async *#logs(
    ...[, { follow, from, tail }, signal]: Parameters<Executor['logs']>
  ): ReturnType<Executor['logs']> & AsyncGenerator {
    if (follow) this.opened.push(from)
    else if (tail === 1) setImmediate(() => (this.#isLastKnown = true))
    let next = from ?? (tail === null ? 0 : Math.max(0, this.texts.length - tail))
    for (;;) {
      const more = this.texts.slice(next)
      const first = next
      next = this.texts.length
      const lines = more.map((text, i) => ({ position: first + i + 1, at: 1_000, stream: 'stdout' as const, text }))
      if (!follow || this.slowness === 0) {
        if (lines.length > 0) yield blockOf(lines)
      } else
        for (const line of lines) {
          while (!this.#isLastKnown) await new Promise((resolve) => setImmediate(resolve))
          await new Promise((resolve) => setTimeout(resolve, 20))
          passed += this.slowness
          yield blockOf([line])
        }
      if (!follow || this.status.state === 'ended') return
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      signal.throwIfAborted()
      const failure = this.#failure
      this.#failure = null
      if (failure !== null) throw failure
    }
  }
}

let folder: string
let engine: FakeEngine
let keeper: LogKeeper
let isDiskFull = false
let areAllKnown = true
/** Time that nobody has to wait for. */
let passed: Millis = 0
const expected = new Set<PlacementId>()

/** As it is on a disk that may be full. */
function limited(store: LogStore): LogStore {
  const writerOf = (writer: LogWriter): LogWriter => ({
    get last() {
      return writer.last
    },
    get isComplete() {
      return writer.isComplete
    },
    append: (block) => (isDiskFull ? Promise.reject(new ClawError('DISK_FULL', { path: 'x' })) : writer.append(block)),
    finish: () => writer.finish(),
  })
  return {
    list: () => store.list(),
    state: (of) => store.state(of),
    read: (of, start) => store.read(of, start),
    close: () => store.close(),
    write: async (owner) => writerOf(await store.write(owner)),
  }
}

async function open(): Promise<void> {
  keeper = new LogKeeper({
    executors: new Map([['docker', engine.executor]]),
    store: limited(await openLogStore(folder)),
    tasks: () => (engine.isKnown ? [engine.task] : []),
    areAllKnown: () => areAllKnown,
    expects: (of) => expected.has(of),
    nameOf: () => 'job',
    clock: { ...systemClock, elapsed: () => systemClock.elapsed() + passed },
    log: silent,
    metrics: new FakeMetrics(),
    panic: (error) => {
      throw error
    },
  })
  await keeper.start()
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'claw-keeper-'))
  engine = new FakeEngine()
  isDiskFull = false
  areAllKnown = true
  expected.clear()
  await open()
})
afterEach(async () => {
  await keeper.stop()
  rmSync(folder, { recursive: true, force: true })
})

const textsOf = (piece: LogPiece): string[] =>
  piece.type === 'lines' ? linesOf(piece.block).map(({ text }) => text) : [`(${piece.type})`]

async function texts(query: Partial<KeptQuery> = {}): Promise<string[]> {
  const all: string[] = []
  const whole = { follow: false, from: null, tail: null, since: null, ...query }
  for await (const piece of keeper.read(placement, whole, never)) all.push(...textsOf(piece))
  return all
}

test('what was printed until it was asked for is there, and what is asked for again', async () => {
  engine.print('one', 'two')
  expect(await texts()).toEqual(['one', 'two'])
  engine.print('three')
  expect(await texts()).toEqual(['one', 'two', 'three'])
  expect(await texts({ tail: 1 })).toEqual(['three'])
  expect(await texts({ from: 1 })).toEqual(['two', 'three'])
})

test('given output that takes minutes to take down, when it is read meanwhile, then the read waits for all of it', async () => {
  engine.slowness = 8_000
  engine.print('one', 'two', 'three', 'four')
  expect(await texts()).toEqual(['one', 'two', 'three', 'four'])
})

test('a follower gets every line once, until the end', async () => {
  engine.print('one')
  const followed = texts({ follow: true })
  for (const text of ['two', 'three']) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    engine.print(text)
  }
  engine.end()
  expect((await followed).filter((text) => text !== '(current)')).toEqual(['one', 'two', 'three'])
})

test('output outlives its task, and a restart', async () => {
  engine.print('one', 'two')
  engine.end()
  await keeper.settle(placement)
  engine.isKnown = false
  expect(await texts()).toEqual(['one', 'two'])
  await keeper.stop()
  await open()
  expect(await texts({ follow: true })).toEqual(['one', 'two'])
  expect(keeper.kept()).toMatchObject([{ placement, name: 'job', isComplete: true }])
})

test('the log of a task that vanished while the node was away is finished, but not before all executors have told what they run', async () => {
  engine.print('one')
  await texts()
  await keeper.stop()
  engine.isKnown = false
  areAllKnown = false
  await open()
  await keeper.stop()
  await open()
  expect(keeper.kept()).toMatchObject([{ placement, isComplete: false }])
  await keeper.stop()
  areAllKnown = true
  await open()
  await vi.waitFor(() => expect(keeper.kept()).toMatchObject([{ placement, isComplete: true }]))
  expect(await texts({ follow: true })).toEqual(['one'])
})

test('a restart takes up where it was left', async () => {
  engine.print('one', 'two')
  await texts()
  await keeper.stop()
  engine.print('three')
  await open()
  expect(await texts()).toEqual(['one', 'two', 'three'])
  expect(engine.opened).toEqual([null, 2])
})

test('an engine that went away is asked again from the last line', async () => {
  engine.print('one')
  await texts()
  engine.breakOff()
  engine.print('two')
  engine.end()
  await keeper.settle(placement)
  expect(await texts()).toEqual(['one', 'two'])
})

test('while the disk is full nothing is lost, and readers get it from the engine', async () => {
  engine.print('one')
  await texts()
  isDiskFull = true
  engine.print('two')
  const followed = texts({ follow: true })
  expect(await texts()).toEqual(['one', 'two'])
  engine.print('three')
  expect(await texts()).toEqual(['one', 'two', 'three'])
  isDiskFull = false
  engine.print('four')
  engine.end()
  expect((await followed).filter((text) => text !== '(current)')).toEqual(['one', 'two', 'three', 'four'])
  await keeper.settle(placement)
  expect(await texts()).toEqual(['one', 'two', 'three', 'four'])
})

test('what nobody knows is not found, and what is to come is waited for', async () => {
  await keeper.stop()
  rmSync(folder, { recursive: true })
  engine.isKnown = false
  await open()
  await expect(texts()).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  await expect(texts({ follow: true })).rejects.toMatchObject({ code: 'WORKLOAD_NOT_FOUND' })
  expected.add(placement)
  const followed = texts({ follow: true })
  engine.print('one')
  engine.isKnown = true
  engine.end()
  expect(await followed).toContain('one')
})
