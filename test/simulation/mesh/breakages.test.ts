/** Rules of the mesh, each broken on purpose: a simulation that does not notice proves nothing. */
import { afterEach, expect, test, vi } from 'vitest'
import type * as DeviceLedger from '../../../src/core/agent/device-ledger.ts'
import type * as Lease from '../../../src/core/gateway/lease.ts'
import type * as Chores from '../../../src/core/gateway/chores.ts'
import type * as Placements from '../../../src/core/state/placements.ts'
import type * as Apply from '../../../src/core/state/apply.ts'
import type * as Live from '../../../src/core/agent/live.ts'
import type * as CarryOut from '../../../src/operations/carry-out.ts'
import type * as Preemption from '../../../src/core/queue/preemption.ts'
import type * as Moves from '../../../src/core/state/moves.ts'
import type { Ledger, LedgerRecord } from '../../../src/core/agent/device-ledger.ts'
import { accepted } from '../../../src/core/state/step.ts'
import type { SimDisk } from '../../../src/simulation/disk.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Disk, Journal } from '../../../src/ports/journal.ts'
import type { WorldRun } from '../../support/world/run.ts'
import { firstToNotice } from '../../support/world/seeds.ts'

const broken = vi.hoisted(() => ({ rule: '' }))
const breaks = (rule: string): boolean => broken.rule === rule

const noLedger = 'gives out devices without asking its ledger'
const noLease = 'gives up what a silent node has before the lease is over'
const noStop = 'lets work go on that it should stop because it is cut off'
const anyWithdrawal = 'takes back what its node has claimed'
const noKey = 'forgets which submissions it has taken'
const noClaim = 'starts what it has not claimed'
const anyPriority = 'pushes work aside that is as important'
const retriesAll = 'tries again what has succeeded'
const ownClock = 'applies commands with a clock of its own'
const lateDisk = 'speaks long before its disk has written'

vi.mock('../../../src/core/agent/device-ledger.ts', async (original) => {
  const real = await original<typeof DeviceLedger>()
  const yes = { ok: true } as const
  const entered = (ledger: Ledger, { type, placement, ...record }: LedgerRecord): Ledger => {
    const devices = 'devices' in record ? record.devices : (ledger.get(placement)?.devices ?? [])
    const phase = (
      { acquire: 'held', 'cut-off': 'started', started: 'started', release: 'over', forget: 'over' } as const
    )[type]
    return new Map(ledger).set(placement, { placement, devices, share: null, phase })
  }
  return {
    ...real,
    admit: (...[ledger, record]: Parameters<typeof real.admit>) =>
      breaks(noLedger) ? yes : real.admit(ledger, record),
    enter: (...[ledger, record]: Parameters<typeof real.enter>) =>
      breaks(noLedger) ? entered(ledger, record) : real.enter(ledger, record),
    whyBusy: (...[ledger, record]: Parameters<typeof real.whyBusy>) =>
      breaks(noLedger) ? null : real.whyBusy(ledger, record),
  }
})

vi.mock('../../../src/core/gateway/lease.ts', async (original) => {
  const real = await original<typeof Lease>()
  return {
    ...real,
    lossesNow: (...[state, silence, now]: Parameters<typeof real.lossesNow>) =>
      real.lossesNow(state, silence, breaks(noLease) ? now + 3_600_000 : now),
  }
})

vi.mock('../../../src/core/gateway/chores.ts', async (original) => {
  const real = await original<typeof Chores>()
  type Wanted = Parameters<typeof real.placementsToWithdraw>
  return {
    ...real,
    placementsToWithdraw(...[state, observed, when]: Wanted) {
      if (!breaks(anyWithdrawal)) return real.placementsToWithdraw(state, observed, when)
      const placed = Array.from(state.workloads.values(), ({ placement }) => placement)
      return placed.flatMap((placement) =>
        placement !== null && observed(placement.node) === 'lost' ? [{ placement: placement.id, reason: 'lost' }] : [],
      )
    },
  }
})

vi.mock('../../../src/core/state/placements.ts', async (original) => {
  const real = await original<typeof Placements>()
  const { unplace } = await import('../../../src/core/state/lifecycle.ts')
  return {
    ...real,
    withdraw(...[step, command]: Parameters<typeof real.withdraw>) {
      const workload = real.currentPlacement(step.state, command.placement, null)
      if (!breaks(anyWithdrawal) || workload === null) return real.withdraw(step, command)
      unplace(step, workload)
      return accepted({ workload: workload.id })
    },
  }
})

vi.mock('../../../src/core/state/apply.ts', async (original) => {
  const real = await original<typeof Apply>()
  let applied = 0
  return {
    ...real,
    apply(...[state, entry, position]: Parameters<typeof real.apply>) {
      applied += 1
      return real.apply(state, breaks(ownClock) ? { ...entry, at: entry.at + (applied % 2) } : entry, position)
    },
  }
})

vi.mock('../../../src/core/agent/live.ts', async (original) => {
  const real = await original<typeof Live>()
  return {
    ...real,
    liveSteps(...[view, workload, settings]: Parameters<typeof real.liveSteps>) {
      const steps = real.liveSteps(view, workload, settings)
      const { id, state } = workload.placement
      if (breaks(noStop)) return steps.filter((step) => step.do !== 'stop' || step.isCutOff !== true)
      const isEarly = breaks(noClaim) && state === 'placed' && view.ledger.has(id)
      return isEarly ? [{ do: 'start', placement: id } as const] : steps
    },
  }
})

vi.mock('../../../src/operations/carry-out.ts', async (original) => {
  const real = await original<typeof CarryOut>()
  return {
    ...real,
    carryOut: (...[what, command, { key, ...asker }]: Parameters<typeof real.carryOut>) =>
      real.carryOut(what, command, breaks(noKey) ? asker : { ...asker, key }),
  }
})

vi.mock('../../../src/core/queue/preemption.ts', async (original) => {
  const real = await original<typeof Preemption>()
  return {
    ...real,
    preemptionFor(...[{ lead, parts }, field]: Parameters<typeof real.preemptionFor>) {
      const spec = { ...lead.spec, priority: breaks(anyPriority) ? 999 : lead.spec.priority }
      return real.preemptionFor({ lead: { ...lead, spec }, parts }, field)
    },
  }
})

vi.mock('../../../src/core/state/moves.ts', async (original) => {
  const real = await original<typeof Moves>()
  return {
    ...real,
    retryOf(...[workload, ending, at]: Parameters<typeof real.retryOf>) {
      const isDone = ending.error === null && workload.spec.restart?.policy === 'on-failure'
      if (!breaks(retriesAll) || !isDone) return real.retryOf(workload, ending, at)
      return { number: workload.retries + 1, reason: 'again', notBefore: at }
    },
  }
})

/** Writes what it was given a second later, and says at once that it has. */
function lateTo(disk: SimDisk, clock: Clock): Disk {
  const pause = (span: number): Promise<void> => new Promise((resolve) => void clock.after(span, resolve))
  const slow = (journal: Journal): Journal => {
    let writing: Promise<unknown> = Promise.resolve()
    return {
      records: journal.records,
      append(records) {
        writing = writing.then(() => pause(1_000)).then(() => journal.append(records))
        return Promise.resolve()
      },
      rewrite: (records) => writing.then(() => journal.rewrite(records)),
      close: () => writing.then(() => journal.close()),
    }
  }
  return {
    openJournal: async (name) => slow(await disk.openJournal(name)),
    readBlob: (name) => disk.readBlob(name),
    writeBlob: (name, bytes) => disk.writeBlob(name, bytes),
    streamBlob: (name, parts, head) => disk.streamBlob(name, parts, head),
    removeBlob: (name) => disk.removeBlob(name),
  }
}

afterEach(() => {
  broken.rule = ''
})

/** Most are caught by one of the first few. */
const enough = 150

/** How each shows best. */
const rules: readonly (readonly [string, Omit<WorldRun, 'seed'>])[] = [
  [noLedger, { temper: 'siege' }],
  [noLease, { temper: 'rift' }],
  [noStop, { temper: 'rift' }],
  [anyWithdrawal, { temper: 'rift' }],
  [noKey, { temper: 'storm' }],
  [noClaim, { temper: 'rift' }],
  [anyPriority, { temper: 'storm' }],
  [retriesAll, { temper: 'storm' }],
  [ownClock, { temper: 'storm' }],
  [lateDisk, { temper: 'storm', disk: lateTo }],
]

test.each(rules)('a peer that %s is caught', async (rule, run) => {
  broken.rule = rule
  const noticed = await firstToNotice(run, enough)
  console.log(`${rule}: ${noticed ?? 'not noticed'}`)
  expect(noticed).not.toBeNull()
})
