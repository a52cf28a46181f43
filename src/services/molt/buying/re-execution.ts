/** Has jobs run a second time, at another provider, and compares what both have printed. Each step is on disk before the next one is taken. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Job } from '../../../core/molt/market/job.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import {
  type Check,
  checkDuty,
  type CheckDuty,
  checkFrom,
  type CheckInput,
  checkStep,
  checkText,
  findingsOf,
  newCheck,
  secondRunOf,
} from '../../../core/molt/market/re-execution.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import { minute, type Millis, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Log } from '../../../ports/log.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import { readLeaseLogs } from '../../../wire/molt-lease.ts'
import { Loop } from '../../gateway/loop.ts'
import { KeptRecords } from '../kept-records.ts'
import type { FindingsBook } from './findings-book.ts'
import { type Digest, digestOf } from './output-digest.ts'

export interface ReExecutionDeps {
  readonly disk: Pick<Disk, 'openJournal'>
  readonly rpc: Pick<Rpc, 'stream'>
  readonly findings: Pick<FindingsBook, 'add'>
  readonly clock: Clock
  readonly log: Log
  /** Null for one that is not known. */
  readonly job: (id: string) => Job | null
  /** Submits the same once more; the same id for the same job each time. Throws as BuyingService.submit does. */
  readonly again: (
    job: Job,
    how: { readonly except: readonly NodeId[]; readonly maxTotal: MicroMolt },
  ) => Promise<string>
  /** Told of each job of which something has come out. */
  readonly onChange: (job: string) => void
}

const pace = { every: 10 * second, pause: 100 }
/** What a provider has printed is asked for so long; it keeps it for an hour. */
const patience: Millis = 30 * minute
/** One try to read it. */
const readPatience: Millis = 2 * minute

export class ReExecution {
  readonly #deps: ReExecutionDeps
  readonly #checks: KeptRecords<Check>
  readonly #loop: Loop

  constructor(deps: ReExecutionDeps) {
    this.#deps = deps
    this.#checks = new KeptRecords(deps.disk, { file: 'molt-checks', write: checkText, read: checkFrom })
    this.#loop = new Loop(deps, pace, (signal) => this.#attend(signal))
  }

  /** Throws STATE_CORRUPT. */
  async open(): Promise<void> {
    await this.#checks.open()
  }

  start(): void {
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await this.#checks.close()
  }

  /** Something has happened to a job. */
  wake(): void {
    this.#loop.wake()
  }

  /** Of the job that its buyer has submitted; null for one that is not run again. */
  of(job: string): Check | null {
    return this.#checks.get(job)
  }

  /** The job whose second run this one is; null for any other. */
  originalOf(job: string): string | null {
    return this.#checks.all().find(({ id }) => secondRunOf(id) === job)?.id ?? null
  }

  /** Kept before the job is. Throws what the disk throws. */
  async begin(job: string, budget: MicroMolt): Promise<void> {
    await this.#checks.put(job, newCheck(job, budget, this.#deps.clock.now()))
  }

  /** What is over is forgotten with its job. */
  async forget(job: string): Promise<void> {
    await this.#checks.remove(job)
  }

  async #attend(signal: AbortSignal): Promise<void> {
    const open = this.#checks.all().filter(({ verdict }) => verdict === null)
    await Promise.all(open.map(({ id }) => this.#go(id, signal)))
  }

  /** As far as it goes now. */
  async #go(id: string, signal: AbortSignal): Promise<void> {
    const { job } = this.#deps
    for (;;) {
      const check = this.#checks.get(id)
      if (check === null || signal.aborted) return
      const first = job(id)
      const duty = checkDuty(check, first, check.again === null ? null : job(check.again))
      const input = await this.#carryOut(duty, first, signal)
      if (input === null) return
      await this.#keep(checkStep(check, input))
    }
  }

  async #keep(check: Check): Promise<void> {
    const { findings, clock, onChange, log } = this.#deps
    for (const finding of findingsOf(check, clock.now())) await findings.add(finding)
    await this.#checks.put(check.id, check)
    onChange(check.id)
    if (check.verdict === 'different')
      log.warn('two providers have printed different things for the same work', { job: check.id, again: check.again })
  }

  /** Null while there is nothing to be done, or where it is to be tried again. */
  async #carryOut(duty: CheckDuty, first: Job | null, signal: AbortSignal): Promise<CheckInput | null> {
    switch (duty.type) {
      case 'wait':
        return null
      case 'give-up':
        return { type: 'unclear', why: duty.why }
      case 'run-again':
        return first === null ? null : this.#runAgain(first, duty)
      case 'read':
        return this.#read(duty, signal)
    }
  }

  async #runAgain(
    first: Job,
    { except, maxTotal }: Extract<CheckDuty, { type: 'run-again' }>,
  ): Promise<CheckInput | null> {
    try {
      return { type: 'again', job: await this.#deps.again(first, { except, maxTotal }) }
    } catch (error) {
      if (!isClawError(error)) throw error
      // There are too many jobs now, or no room on the disk.
      if (error.kind === 'capacity' || error.kind === 'unavailable') return null
      return { type: 'unclear', why: error.message }
    }
  }

  async #read(
    { job, purchase }: Extract<CheckDuty, { type: 'read' }>,
    signal: AbortSignal,
  ): Promise<CheckInput | null> {
    const read = await this.#digestAt(purchase, signal)
    if (read === null) return null
    if (!read.ok) return { type: 'unclear', why: `${purchase.terms.provider}: ${read.problem}` }
    return { type: 'output', output: { job, provider: purchase.terms.provider, ...read.digest } }
  }

  /** Null where it is to be asked for again. */
  async #digestAt({ agreement, terms, since }: Purchase, signal: AbortSignal): Promise<Digest | null> {
    if (agreement === null) return { ok: false, problem: 'there was no agreement' }
    const { rpc, clock, log } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(readPatience, () => late.abort(new Error('reading took too long')))
    const asked = { agreement: agreementId(agreement), from: null, tail: null, follow: false }
    try {
      return await digestOf(rpc.stream(terms.provider, readLeaseLogs, asked, AbortSignal.any([signal, late.signal])))
    } catch (error) {
      if (signal.aborted) return null
      if (!isClawError(error) && !late.signal.aborted) throw error
      const problem = isClawError(error) ? error.message : 'reading took too long'
      const isGone = isClawError(error) && error.kind === 'not-found'
      if (isGone || clock.now() - since > patience)
        return { ok: false, problem: `its output cannot be read: ${problem}` }
      log.info('the output of a job is asked for again', { provider: terms.provider, problem })
      return null
    } finally {
      cancel()
    }
  }
}
