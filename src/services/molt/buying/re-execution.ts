/** Has jobs run a second time, at another provider, and compares what both have printed. Each step is on disk before the next one is taken. */
import { agreementId } from '../../../core/molt/agreement.ts'
import type { Job } from '../../../core/molt/market/job.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import {
  calledOff,
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
  /** It is being submitted: it is not known yet, and will be. */
  readonly isBeingMade: (id: string) => boolean
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
  /** Each check is attended to by itself: a provider that is slow to tell makes nobody else wait. */
  readonly #going = new Map<string, Promise<void>>()
  #steps: Promise<unknown> = Promise.resolve()

  constructor(deps: ReExecutionDeps) {
    this.#deps = deps
    this.#checks = new KeptRecords(deps.disk, { file: 'molt-checks', write: checkText, read: checkFrom })
    this.#loop = new Loop(deps, pace, (signal) => Promise.resolve(this.#attend(signal)))
  }

  /** Once the jobs are known. What was begun for a job that never came to be is dropped. Throws STATE_CORRUPT, and what the disk throws. */
  async open(): Promise<void> {
    await this.#checks.open()
    for (const { id } of this.#checks.all()) if (this.#deps.job(id) === null) await this.#checks.remove(id)
  }

  start(): void {
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    await Promise.all(this.#going.values())
    await this.#steps
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

  /** It is not run again, and nothing is compared any more. What is over stays as it is. Throws what the disk throws. */
  callOff(job: string): Promise<void> {
    return this.#step(job, { type: 'unclear', why: calledOff })
  }

  /** What is over is forgotten with its job. */
  async forget(job: string): Promise<void> {
    await this.#checks.remove(job)
  }

  #attend(signal: AbortSignal): void {
    const open = this.#checks.all().filter(({ id, verdict }) => verdict === null && !this.#going.has(id))
    for (const { id } of open) this.#going.set(id, this.#attendTo(id, signal))
  }

  async #attendTo(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#go(id, signal)
    } catch (error) {
      if (!isClawError(error)) throw error
      if (!signal.aborted)
        this.#deps.log.warn('a job that runs twice is looked at again later', { job: id, reason: error.message })
    } finally {
      this.#going.delete(id)
    }
  }

  /** As far as it goes now. */
  async #go(id: string, signal: AbortSignal): Promise<void> {
    const { job, isBeingMade } = this.#deps
    for (;;) {
      const check = this.#checks.get(id)
      if (check === null || isBeingMade(id) || signal.aborted) return
      const first = job(id)
      const duty = checkDuty(check, first, check.again === null ? null : job(check.again))
      const input = await this.#carryOut(duty, first, signal)
      if (input === null) return
      await this.#step(id, input)
    }
  }

  /** One after the other, each from what the one before has left: it may have been called off meanwhile. */
  #step(id: string, input: CheckInput): Promise<void> {
    const done = this.#steps.then(async () => {
      const before = this.#checks.get(id)
      if (before === null) return
      const after = checkStep(before, input)
      if (after !== before) await this.#keep(after)
    })
    this.#steps = done.catch(() => 'the one who asked hears of it')
    return done
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
