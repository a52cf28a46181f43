/** One request from its bid to its closed account, during which one fault strikes at one step, and what it has cost whom. */
import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { dueFor } from '../../../../src/core/molt/meter.ts'
import type { Job } from '../../../../src/core/molt/market/job.ts'
import type { Lease } from '../../../../src/core/molt/market/lease.ts'
import type { Daemon } from '../../mesh.ts'
import { eventually } from '../../mesh.ts'
import { JournalTail } from '../journal-tail.ts'
import type { LedgerAudit } from '../ledger-audit.ts'
import { type MarketHosts, terms } from '../market-hosts.ts'
import { type Fault, type FaultName, prepared } from './faults.ts'
import type { RunTimes } from './run-times.ts'
import { jobIn, leaseIn, type Step } from './steps.ts'

export interface Scene {
  readonly market: MarketHosts
  readonly audit: LedgerAudit
  readonly ran: RunTimes
  /** The one whose log is watched, and that is killed where a witness is. */
  readonly witness: Daemon
}

export interface Told {
  readonly step: string
  readonly fault: FaultName
  readonly struck: boolean
  /** So many records the one who was killed wrote after the one that it was to die at; null where somebody else was killed. */
  readonly past: number | null
  /** How often the job was submitted until it was taken. */
  readonly asked: number
  readonly seconds: number
  readonly ends: readonly string[]
  /** In µMOLT, of all agreements of the job together. */
  readonly paid: string
  /** What the meter of the provider came to beyond that. */
  readonly unpaid: string
  /** What was paid beyond the time for which the containers ran by the engine. */
  readonly overpaid: string
  /** What of that time was not paid. */
  readonly given: string
  /** What may not be; nothing when all is well. */
  readonly problems: readonly string[]
}

const limit = 300_000
const settles = 60_000

export async function played(scene: Scene, step: Step, name: FaultName): Promise<Told> {
  const { market, witness } = scene
  const fault = await prepared(name, market, witness)
  const kept = new Kept(market)
  const begun = Date.now()
  const at = watched(market, witness, step, fault)
  const stopped = step.isUnpaid === true ? stopBuyer(market, at.seen) : null
  let asked = 0
  const back = at.seen.then(() => fault.undo('soon'))
  back.catch(() => 'whoever waits for it hears of it')
  try {
    while (kept.jobs.size === 0 && asked < 5) {
      asked += 1
      await market.lent()
      const { code, stderr } = await market.buyer.cli(...request(market.image))
      if (at.isSeen()) await back
      kept.read()
      if (code !== 0 && kept.jobs.size === 0 && !at.isSeen()) throw new Error(`no job: ${stderr}`)
    }
    await eventually(
      `${step.name}, ${name}: all is closed`,
      limit,
      () => Promise.resolve(kept.read()),
      ({ isOver }) => isOver,
    )
    if (at.isSeen()) await back
  } finally {
    at.end()
    await stopped
    await fault.undo('at the end')
  }
  return judged(scene, kept, { step: step.name, fault: name, struck: at.isSeen(), past: at.past(), asked, begun })
}

const request = (image: string): readonly string[] => [
  ...['--json', 'molt', 'request', '--yes', '-d', '--max-price', '1', '--duration', '30s'],
  ...['--image', image, '--memory', '32Mi', '--', 'sleep', '5'],
]

/** Calls once, in the same turn in which the step was seen on the disk. */
function watched(market: MarketHosts, witness: Daemon, step: Step, fault: Fault) {
  const writer = { buyer: market.buyer, lender: market.lender, witness }[step.writer]
  const tail = new JournalTail(market.journal(writer, step.journal))
  tail.read()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let isSeen = false
  let past: number | null = null
  const look = (): void => {
    if (isSeen) return
    const records = tail.read()
    const at = records.findIndex(step.isIt)
    if (at === -1) return
    isSeen = true
    void fault.strike().then(() => {
      // The dead write no more: what is there now is how far it has come.
      if (fault.victim === writer) past = records.length - at - 1 + tail.read().length
      resolve()
    }, reject)
  }
  const watcher = watch(dirname(tail.path), (_, file) => {
    if (file === basename(tail.path)) look()
  })
  return { seen: promise, isSeen: () => isSeen, past: () => past, end: () => watcher.close() }
}

/** The buyer falls silent as soon as its work runs, until the step was seen. */
async function stopBuyer(market: MarketHosts, seen: Promise<void>): Promise<void> {
  const tail = new JournalTail(market.journal(market.lender, 'molt-leases.journal'))
  tail.read()
  const { pid } = market.buyer
  const watcher = watch(dirname(tail.path), () => {
    if (!tail.read().some((record) => leaseIn(record)?.state === 'running')) return
    watcher.close()
    process.kill(pid, 'SIGSTOP')
  })
  await seen
  try {
    process.kill(pid, 'SIGCONT')
  } catch (error) {
    // It was what was killed.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The records of both parties since this began, each as it was last. */
class Kept {
  readonly jobs = new Map<string, Job>()
  readonly leases = new Map<string, Lease>()
  readonly #jobs: JournalTail
  readonly #leases: JournalTail

  constructor(market: MarketHosts) {
    this.#jobs = new JournalTail(market.journal(market.buyer, 'molt-jobs.journal'))
    this.#leases = new JournalTail(market.journal(market.lender, 'molt-leases.journal'))
    this.#jobs.read()
    this.#leases.read()
  }

  read(): this {
    for (const record of this.#jobs.read()) {
      const job = jobIn(record)
      if (job !== null) this.jobs.set(job.id, job)
    }
    for (const record of this.#leases.read()) {
      const lease = leaseIn(record)
      if (lease !== null) this.leases.set(lease.key, lease)
    }
    return this
  }

  get isOver(): boolean {
    const leases = [...this.leases.values()].every(
      ({ state, isStopped }) => state === 'bid' || (state === 'closed' && isStopped),
    )
    return this.jobs.size > 0 && [...this.jobs.values()].every(({ buy }) => buy.state === 'closed') && leases
  }
}

interface About {
  readonly step: string
  readonly fault: FaultName
  readonly struck: boolean
  readonly past: number | null
  readonly asked: number
  readonly begun: number
}

async function judged({ audit, ran }: Scene, kept: Kept, { begun, ...about }: About): Promise<Told> {
  const { open } = await eventually(
    'no credit is set aside any more',
    settles,
    () => Promise.resolve(audit.read()),
    (now) => now.open.length === 0,
  ).catch(() => audit)
  const problems = [...audit.problems]
  if (open.length > 0) problems.push(`still set aside: ${open.join(', ')}`)
  if (audit.total !== 0n) problems.push(`all accounts together have ${audit.total} µMOLT`)
  const interval = (terms.rate * BigInt(terms.interval)) / 1_000n
  let [paid, unpaid, overpaid, given] = [0n, 0n, 0n, 0n]
  for (const { agreement, meter, outcome, key } of kept.leases.values()) {
    if (agreement === null) continue
    const due = dueFor(agreement.terms, meter.gpuMillis)
    const got = outcome?.paid ?? 0n
    const millis = await ran.of(agreement)
    const worth = (terms.rate * millis) / 1_000n
    paid += got
    unpaid += due - got
    overpaid += got > worth ? got - worth : 0n
    given += worth > got ? worth - got : 0n
    if (due - got > interval) problems.push(`${key}: ${due} were due, ${got} were paid`)
    // While its own daemon is dead nobody holds the work still, and nobody is asked to pay for it.
    if (worth - got > interval && about.fault !== 'provider killed')
      problems.push(`${key}: it ran for ${millis} ms, ${got} were paid`)
    if (got - worth > interval) problems.push(`${key}: ${got} were paid for ${millis} ms`)
  }
  const bought = [...kept.jobs.values()].flatMap(({ buy }) => buy.purchases)
  const spent = bought.reduce((sum, { outcome }) => sum + (outcome?.paid ?? 0n), 0n)
  if (spent !== paid) problems.push(`the buyer has it that ${spent} were paid, the provider ${paid}`)
  return {
    ...{ ...about, seconds: Math.round((Date.now() - begun) / 100) / 10 },
    ends: bought.map(({ why, outcome }) => `${why ?? 'none'}, ${outcome?.how ?? 'open'}`),
    ...{ paid: String(paid), unpaid: String(unpaid), overpaid: String(overpaid), given: String(given), problems },
  }
}
