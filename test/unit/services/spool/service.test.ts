import { beforeEach, describe, expect, test } from 'vitest'
import type { Spooled } from '../../../../src/core/spool/spool.ts'
import { spoolLimits } from '../../../../src/core/spool/spool.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError, failureFrom } from '../../../../src/model/failure.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { Control, GatewayStatus } from '../../../../src/services/control/types.ts'
import { SpoolService } from '../../../../src/services/spool/service.ts'
import { SimDisk } from '../../../../src/simulation/disk.ts'
import { World } from '../../../../src/simulation/world.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, meshOf, spec } from '../../../support/control-samples.ts'
import { FakeMetrics } from '../../../support/fake-metrics.ts'
import { play } from '../../../support/play.ts'

let world: World
let disk: SimDisk
let book: Book
let leader: NodeId | null
/** Loses the answer of so many executions, after they have taken effect. */
let lostAnswers: number
/** Why the daemon follows the mesh no more. */
let outdated: ClawError | null
let executed: number
/** Why the mesh takes nothing any more from whoever submits, and what this peer has heard of that. */
let revoked: ClawError | null
let refusal: ClawError | null
let listeners: Set<(status: GatewayStatus) => void>
let spool: SpoolService

const control: Pick<Control, 'execute' | 'status' | 'onRole' | 'fresh'> = {
  fresh: () => {
    if (leader === null) return Promise.reject(new ClawError('NO_LEADER', { detail: 'there is none' }))
    refusal = revoked
    return Promise.resolve()
  },
  status: () => ({
    ...{ role: 'learner', term: 1, leader, voters: [], committed: 0, applied: 0, followers: [] },
    outOfTouchFor: 0,
  }),
  onRole: (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  execute: (command: Command, { id, by }) => {
    if (leader === null) return Promise.reject(new ClawError('NO_LEADER', { detail: 'there is none' }))
    if (outdated !== null) return Promise.reject(outdated)
    executed += 1
    const { index, outcome } = book.run(command, { id, by })
    if (lostAnswers-- > 0) return Promise.reject(new ClawError('DEADLINE_EXCEEDED', { what: 'it', ms: 1 }))
    return outcome.ok ? Promise.resolve({ index, value: outcome.value }) : Promise.reject(failureFrom(outcome.failure))
  },
}

/** What this peer knows of it. */
const check = (): void => {
  if (refusal !== null) throw refusal
}

const make = (): SpoolService =>
  new SpoolService({ control, check, disk, clock: world, log: silent, metrics: new FakeMetrics() })

const submission = (name: string, parts: Partial<Spooled> = {}): Spooled => ({
  ...{ command: `run/socket/${name}`, workload: workloadId(`wl-${name}`), name, spec: spec(), by: 'socket', at: 5 },
  ...{ isTried: false, refusal: null },
  ...parts,
})

const keep = (...names: readonly string[]): Promise<unknown> =>
  play(world, Promise.all(names.map((name) => spool.keep(submission(name)))))

const submitted = (): string[] => [...book.state.workloads.values()].map(({ name }) => name)

function elect(node: NodeId | null): void {
  leader = node
  for (const listener of listeners) listener(control.status())
}

beforeEach(async () => {
  world = new World(1)
  disk = new SimDisk({ random: world, clock: world, latency: 1 })
  book = meshOf([ada])
  listeners = new Set()
  ;[leader, lostAnswers, executed, outdated] = [null, 0, 0, null]
  ;[revoked, refusal] = [null, null]
  spool = make()
  await play(world, spool.start())
})

describe('what is kept', () => {
  test('waits while there is no leader, and goes to the mesh in order when there is one', async () => {
    await keep('a', 'b', 'c')
    await world.runFor(10_000)
    expect([submitted(), executed]).toEqual([[], 0])
    expect(spool.entries().map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    elect(ada)
    await world.runFor(2_000)
    expect(submitted()).toEqual(['a', 'b', 'c'])
    expect(spool.entries()).toEqual([])
    expect(book.state.workloads.get(workloadId('wl-a'))?.submittedBy).toBe('socket')
  })

  test('is there after a crash, and is gone from the disk when the mesh has it', async () => {
    await keep('a', 'b')
    disk.crash()
    spool = make()
    await play(world, spool.start())
    expect(spool.entries().map(({ name }) => name)).toEqual(['a', 'b'])
    elect(ada)
    await world.runFor(2_000)
    await play(world, spool.stop())
    spool = make()
    await play(world, spool.start())
    expect(spool.entries()).toEqual([])
    expect(submitted()).toEqual(['a', 'b'])
  })

  test('is submitted once, although the answer is lost and the peer dies in between', async () => {
    await keep('a')
    lostAnswers = 1
    elect(ada)
    await world.runUntil(() => executed === 1, 2_000)
    elect(null)
    await play(world, spool.stop())
    disk.crash()
    spool = make()
    await play(world, spool.start())
    expect(spool.entries()[0]?.isTried).toBe(true)
    elect(ada)
    await world.runFor(2_000)
    expect(executed).toBe(2)
    expect(submitted()).toEqual(['a'])
    expect(spool.entries()).toEqual([])
  })

  test('is kept once under one key', async () => {
    await keep('a', 'a')
    await play(world, spool.keep(submission('a', { workload: workloadId('wl-other') })))
    expect(spool.entries().map(({ workload }) => workload)).toEqual(['wl-a'])
  })

  test('stays with the reason when the mesh refuses it, and lets the others pass', async () => {
    book.run({ type: 'submit', workload: workloadId('wl-first'), name: 'taken', spec: spec() })
    await keep('taken', 'b')
    elect(ada)
    await world.runFor(5_000)
    expect(submitted()).toEqual(['taken', 'b'])
    expect(spool.entries()).toMatchObject([{ name: 'taken', refusal: { code: 'NAME_TAKEN' } }])
    expect(executed).toBe(2)
  })

  test('is not handed over when whoever submitted it may no more, also where this peer has yet to hear of that', async () => {
    await keep('a')
    revoked = new ClawError('AUTH_FAILED', { reason: 'the user eve is disabled' })
    elect(ada)
    await world.runFor(2_000)
    expect(executed).toBe(0)
    expect(spool.entries()).toMatchObject([{ name: 'a', isTried: false, refusal: { code: 'AUTH_FAILED' } }])
  })

  test('is not given up by a daemon that is outdated: the next build hands it over', async () => {
    await keep('a')
    outdated = new ClawError('VERSION_UNSUPPORTED', { found: 'more', oldest: 1, newest: 1 })
    elect(ada)
    await world.runFor(5_000)
    expect(spool.entries()).toMatchObject([{ name: 'a', refusal: null }])
    await play(world, spool.stop())
    outdated = null
    spool = make()
    await play(world, spool.start())
    await world.runFor(2_000)
    expect(submitted()).toEqual(['a'])
  })

  test('can be given up', async () => {
    await keep('a', 'b')
    await play(world, spool.drop('run/socket/a'))
    elect(ada)
    await world.runFor(2_000)
    expect(submitted()).toEqual(['b'])
  })
})

describe('the limits', () => {
  test('so many submissions, and no more', async () => {
    await keep(...Array.from({ length: spoolLimits.entries }, (_, i) => `w${i}`))
    await expect(keep('one-more')).rejects.toMatchObject({ code: 'SPOOL_FULL', facts: { entries: 256 } })
    expect(spool.entries()).toHaveLength(spoolLimits.entries)
  })

  test('so many bytes, and no more', async () => {
    const env = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`BIG_${i}`, 'x'.repeat(32_000)]))
    const large = (i: number) => submission(`w${i}`, { spec: spec({ env }) })
    const before = Math.floor(spoolLimits.bytes / 225_000)
    for (let i = 0; i < before; i += 1) await play(world, spool.keep(large(i)))
    await expect(
      (async () => {
        for (let i = before; i < before + 3; i += 1) await play(world, spool.keep(large(i)))
      })(),
    ).rejects.toMatchObject({ code: 'SPOOL_FULL' })
  })

  test('a full disk refuses, and nothing was kept', async () => {
    disk.capacity = disk.used
    await expect(keep('a')).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(spool.entries()).toEqual([])
  })
})

test('a damaged spool is set aside, and the peer goes on without it', async () => {
  await play(world, disk.writeBlob('spool', Buffer.from('{"version":1,"entries":[{}]}')))
  spool = make()
  await play(world, spool.start())
  expect(spool.entries()).toEqual([])
  expect(Buffer.from((await play(world, disk.readBlob('spool.damaged'))) ?? []).toString()).toContain('entries')
  await keep('a')
  expect(spool.entries()).toHaveLength(1)
})
