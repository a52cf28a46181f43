/** The jobs that this node has others run for it: takes them, brings them to their ends, and knows what became of them. */
import { agreementId } from '../../../core/molt/agreement.ts'
import { newBuy } from '../../../core/molt/market/buy.ts'
import { type Check, isCalledOff, secondRunOf } from '../../../core/molt/market/re-execution.ts'
import type { MicroMolt } from '../../../model/amount.ts'
import type { FindingsBook } from './findings-book.ts'
import { ReExecution, type ReExecutionDeps } from './re-execution.ts'
import type { Job } from '../../../core/molt/market/job.ts'
import type { Purchase } from '../../../core/molt/market/purchase.ts'
import { isJobOver, jobFrom, jobText, leftBy, wordFor } from '../../../core/molt/market/job.ts'
import type { SpendingLimits } from '../../../core/molt/market/spending.ts'
import { base32Word } from '../../../lib/base32.ts'
import { ClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { archiveLimit } from '../../../model/molt-data.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Work } from '../../../model/molt-work.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Rpc, Unsubscribe } from '../../../ports/rpc.ts'
import type { CopyStore } from '../../../ports/volumes.ts'
import type { Service } from '../../../ports/service.ts'
import { haveOutputs, type LeasePiece, readOutputs } from '../../../wire/molt-data.ts'
import type { ExecRequest, LogsItem, LogsRequest } from '../../../wire/molt-lease.ts'
import { execInLease, readLeaseLogs } from '../../../wire/molt-lease.ts'
import { KeptRecords } from '../kept-records.ts'
import { collectBids } from './collector.ts'
import { JobInputs } from './job-inputs.ts'
import type { JobRunnerDeps } from './job-runner.ts'
import { bidsFor, JobRunner } from './job-runner.ts'
import { type Quote, Quotes, withBids } from './quotes.ts'
import { SpendingKeeper } from './spending-keeper.ts'
import { readWork, workFile } from './work-file.ts'

export interface BuyingDeps extends Omit<
  JobRunnerDeps,
  'jobs' | 'work' | 'inputs' | 'purseOf' | 'onChange' | 'spending'
> {
  readonly findings: FindingsBook
  /** Of what is sent with jobs. */
  readonly copies: CopyStore
  readonly rpc: Pick<Rpc, 'call' | 'stream' | 'converse'>
  readonly disk: Pick<Disk, 'openJournal' | 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly limits: () => SpendingLimits
}

/** What of a want is the caller's; the rest is added for each round. */
export type Wish = Omit<Want, 'network' | 'buyer' | 'nonce' | 'issuedAt' | 'deadline'>

export interface JobRequest {
  readonly name: string
  readonly wish: Wish
  readonly work: Work
  /** What was sent here for it, in the order of the inputs of its work. */
  readonly inputs?: readonly string[]
  readonly by: string
  /** Id of a quote whose bids are to be taken: nobody has agreed to others. */
  readonly quote?: string | undefined
  /** What it prints is compared with what another provider prints for it; null or left out for neither. Its price is for both, and that of the wish for the first. */
  readonly reExecution?: { readonly budget: MicroMolt } | null
  /** Whom alone it is for; null or left out for anybody. */
  readonly only?: NodeId | null
}

/** What only this service says of a job: its id, and who does not get it. */
interface Making {
  readonly id: string
  readonly except: readonly NodeId[]
  /** That it is run again for: what was sent for that one is sent for it, too. */
  readonly first?: Job
}

export interface LogsQuery extends Omit<LogsRequest, 'agreement'> {
  /** Of a purchase. */
  readonly key?: string | null
}

/** Jobs that are over are forgotten beyond so many, the oldest first. What was paid for them stays in the books. */
const mostJobs = 1_000
/** No node has more under way. */
const mostLive = 100

export class BuyingService implements Service {
  readonly name = 'molt-buying'
  readonly spending: SpendingKeeper
  readonly #checks: ReExecution
  readonly inputs: JobInputs
  readonly #deps: BuyingDeps
  readonly #jobs: KeptRecords<Job>
  /** Jobs of which what they run is on disk, in a file of its own. */
  readonly #works: KeptRecords<string>
  readonly #quotes = new Quotes()
  readonly #runners = new Map<string, JobRunner>()
  /** Jobs that are not all on disk yet. */
  readonly #making = new Set<string>()
  readonly #listeners = new Set<(job: Job) => void>()

  constructor(deps: BuyingDeps) {
    this.#deps = deps
    this.#jobs = new KeptRecords(deps.disk, { file: 'molt-jobs', write: jobText, read: jobFrom })
    this.#works = new KeptRecords(deps.disk, { file: 'molt-job-works', write: (id) => id, read: (id) => id })
    this.spending = new SpendingKeeper(deps)
    this.inputs = new JobInputs(deps)
    this.#checks = new ReExecution({
      ...deps,
      job: (id) => this.#jobs.get(id),
      isBeingMade: (id) => this.#making.has(id),
      again: (job, how) => this.#runAgain(job, how),
      onChange: (id) => {
        this.#tell(this.#jobs.get(id))
        if (this.#isDone(id)) this.#forgetSoon(id)
      },
    })
  }

  /** Throws STATE_CORRUPT. Jobs that were under way go on. */
  async start(): Promise<void> {
    await this.#jobs.open()
    await this.spending.open()
    await this.#works.open()
    await this.#checks.open()
    await this.inputs.open((job) => !this.#isDone(job))
    await this.#settleClosed()
    for (const id of this.#works.all()) if (this.#isDone(id)) await this.#forgetWork(id)
    for (const job of this.#jobs.all()) if (!isJobOver(job)) await this.#run(job.id)
    this.#checks.start()
  }

  async stop(): Promise<void> {
    await this.#checks.stop()
    await Promise.all(Array.from(this.#runners.values(), (runner) => runner.stop()))
    this.#runners.clear()
    await this.#jobs.close()
    await this.#works.close()
    await this.inputs.close()
  }

  /** The newest first. */
  jobs(): readonly Job[] {
    return this.#jobs.all().toReversed()
  }

  /** By its id, or by its name the newest of that name. Throws MOLT_JOB_NOT_FOUND. */
  job(reference: string): Job {
    const found = this.#jobs.get(reference) ?? this.jobs().find(({ name }) => name === reference)
    if (found === undefined) throw new ClawError('MOLT_JOB_NOT_FOUND', { job: reference })
    return found
  }

  /** What has come out of running it twice; null for a job that is not. */
  checkOf({ id }: Pick<Job, 'id'>): Check | null {
    return this.#checks.of(id)
  }

  /** Nothing of it will change any more. */
  isSettled(job: Job): boolean {
    const check = this.checkOf(job)
    return isJobOver(job) && (check === null || check.verdict !== null)
  }

  /** Told of each job that has changed. */
  onChange(listener: (job: Job) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What there would be to choose from; nobody is promised anything. Throws the signal's reason. */
  async quote(wish: Wish, signal: AbortSignal): Promise<Quote> {
    const want = this.#wantOf(wish)
    const collected = await collectBids(this.#deps, { want, except: new Set() }, signal)
    const quote = { ...collected, want, id: base32Word(this.#deps.random.bytes(10)) }
    this.#quotes.keep(quote)
    return quote
  }

  /** Returns once it is on disk: from then on it is brought to its end. Throws MOLT_TOO_MANY_JOBS, MOLT_QUOTE_GONE, and what the disk throws. */
  submit(request: JobRequest): Promise<Job> {
    return this.#make(request, { id: `mj-${base32Word(this.#deps.random.bytes(10))}`, except: [] })
  }

  async #make(request: JobRequest, making: Making): Promise<Job> {
    this.#making.add(making.id)
    try {
      return await this.#putDown(request, making)
    } catch (error) {
      if (this.#jobs.get(making.id) === null) await this.#forgetWork(making.id).catch(this.#isLeft(making.id))
      throw error
    } finally {
      this.#making.delete(making.id)
    }
  }

  async #putDown(request: JobRequest, { id, except, first }: Making): Promise<Job> {
    const { name, wish, work, by, quote, inputs = [], reExecution = null, only = null } = request
    const { disk, clock } = this.#deps
    const live = this.#jobs.all().filter((job) => !isJobOver(job))
    if (live.length >= mostLive) throw new ClawError('MOLT_TOO_MANY_JOBS', { most: mostLive })
    const [want, at] = [this.#wantOf(wish), clock.now()]
    const quoted = quote === undefined ? null : this.#quotes.take(quote, want, at)
    if (reExecution !== null) await this.#checks.begin(id, reExecution.budget)
    await this.inputs.take(inputs, id)
    await this.#works.put(id, id)
    await disk.writeBlob(workFile(id), Buffer.from(JSON.stringify(work)), { secret: true })
    const fresh: Job = {
      ...{ version: 1, id, name, image: work.image, command: work.command, outputs: work.outputs ?? [], by, at },
      inputs: first?.inputs ?? (work.inputs ?? []).map(({ to, bytes }, i) => ({ id: inputs[i] ?? '', to, bytes })),
      ...{ buy: { ...newBuy(id, want, at), failed: [...except] }, only, round: null, words: {} },
    }
    const job = quoted === null ? fresh : withBids(fresh, quoted, at)
    await this.#jobs.put(id, job)
    await this.#forgetOldest()
    await this.#run(id)
    return job
  }

  /** The same for somebody else. Its id follows from that of the first, so that it is there once however often this is tried. */
  async #runAgain(first: Job, { except, maxTotal }: Parameters<ReExecutionDeps['again']>[1]): Promise<string> {
    const { id, name, by, buy } = first
    const again = secondRunOf(id)
    if (this.#jobs.get(again) !== null) return again
    const work = await readWork(this.#deps.disk, id)
    if (work === null)
      throw new ClawError('INVALID_REQUEST', { problem: 'what the first run was is not known any more' })
    const wish = { ...buy.want, maxTotal }
    await this.#make({ name: `${name.slice(0, 57)}-again`, wish, work, by }, { id: again, except, first })
    return again
  }

  /** What is over stays as it is. Throws MOLT_JOB_NOT_FOUND, and what the disk throws. */
  async cancel(reference: string): Promise<Job> {
    const { id } = this.job(reference)
    // First of all, so that it is not run again meanwhile.
    await this.#checks.callOff(id)
    for (const one of [id, secondRunOf(id)]) await this.#runners.get(one)?.cancel()
    return this.job(id)
  }

  /** Closes nothing of it by itself until its arbiters have had their time. Throws what the disk throws. */
  async dispute(agreement: Hash): Promise<void> {
    const isOf = ({ agreement: made }: Purchase): boolean => made !== null && agreementId(made) === agreement
    const job = this.jobs().find(({ buy }) => buy.purchases.some(isOf))
    const purchase = job?.buy.purchases.find(isOf)
    if (job !== undefined && purchase !== undefined) await this.#runners.get(job.id)?.dispute(purchase.key)
  }

  /** What the work prints, in that purchase or in the last one. Throws MOLT_JOB_NOT_FOUND, MOLT_JOB_NOT_PLACED, LEASE_UNKNOWN and LOGS_GONE. */
  logs(reference: string, { key = null, ...query }: LogsQuery, signal: AbortSignal): AsyncIterable<LogsItem> {
    const { provider, agreement } = this.#leaseOf(reference, key)
    return this.#deps.rpc.stream(provider, readLeaseLogs, { agreement, ...query }, signal)
  }

  /**
   * What its work has left in that folder, as an archive: the rest of it after so many bytes. Throws MOLT_JOB_NOT_FOUND, MOLT_NOTHING_LEFT,
   * LEASE_UNKNOWN, LEASE_DATA_GONE, and TOO_LARGE for more than was agreed on.
   */
  async *outputs(
    reference: string,
    { folder, from }: { readonly folder: number; readonly from: number },
    signal: AbortSignal,
  ): AsyncGenerator<LeasePiece> {
    const { provider, agreement, terms } = this.#leftBy(reference)
    const limit = archiveLimit(terms.data?.outputs ?? 0)
    let bytes = from
    for await (const piece of this.#deps.rpc.stream(provider, readOutputs, { agreement, folder, from }, signal)) {
      bytes += piece.data.length
      if (bytes > limit) throw new ClawError('TOO_LARGE', { what: 'What the work has left', limit })
      yield piece
    }
  }

  /** All of that is here: its provider need keep it no longer. Throws as `outputs` does. */
  async haveOutputs(reference: string, signal: AbortSignal): Promise<void> {
    const { provider, agreement } = this.#leftBy(reference)
    await this.#deps.rpc.call(provider, haveOutputs, { agreement }, signal)
  }

  #leftBy(reference: string) {
    const job = this.job(reference)
    const left = leftBy(job)
    if (left === null) throw new ClawError('MOLT_NOTHING_LEFT', { job: job.name })
    return { provider: left.terms.provider, agreement: agreementId(left), terms: left.terms }
  }

  /** A further command beside the work. Throws MOLT_JOB_NOT_FOUND and MOLT_JOB_NOT_PLACED; what its provider throws, the readers get. */
  exec(reference: string, request: Omit<ExecRequest, 'agreement'>, signal: AbortSignal): Promise<Conversation> {
    const { provider, agreement } = this.#leaseOf(reference)
    return this.#deps.rpc.converse(provider, execInLease, { agreement, ...request }, signal)
  }

  #leaseOf(reference: string, key: string | null = null): { readonly provider: NodeId; readonly agreement: string } {
    const job = this.job(reference)
    const present = job.buy.purchases.findLast((one) => one.agreement !== null && (key === null || one.key === key))
    if (present === undefined) throw new ClawError('MOLT_JOB_NOT_PLACED', { job: job.name, state: wordFor(job) })
    return { provider: present.terms.provider, agreement: agreementId(present) }
  }

  /** What was closed in the moment in which this node went down. */
  async #settleClosed(): Promise<void> {
    const open = new Set(this.spending.spending?.entries.filter(({ isPaid }) => !isPaid).map(({ key }) => key))
    const closed = this.#jobs.all().flatMap(({ buy }) => buy.purchases.filter(({ state }) => state === 'closed'))
    for (const { key, outcome } of closed) if (open.has(key)) await this.spending.settle(key, outcome?.paid ?? 0n, true)
  }

  /** Throws what the disk throws, for one that was called off before it began. */
  async #run(id: string): Promise<void> {
    const { disk } = this.#deps
    const runner = new JobRunner(
      {
        ...{ ...this.#deps, jobs: this.#jobs, inputs: this.inputs, spending: this.spending },
        work: (job) => readWork(disk, job),
        purseOf: (job) => this.#checks.originalOf(job) ?? job,
        onChange: (job) => {
          this.#tell(job)
          this.#checks.wake()
          if (!isJobOver(job)) return
          // Nobody is shown it any more.
          this.#runners.delete(id)
          if (this.#isDone(id)) this.#forgetSoon(id)
        },
      },
      id,
    )
    this.#runners.set(id, runner)
    runner.start()
    const check = this.#checks.of(this.#checks.originalOf(id) ?? id)
    if (check !== null && isCalledOff(check)) await runner.cancel()
  }

  #tell(job: Job | null): void {
    if (job !== null) for (const listener of [...this.#listeners]) listener(job)
  }

  /** What it runs is not needed any more, neither by itself nor to be run again. */
  #isDone(id: string): boolean {
    const [job, check] = [this.#jobs.get(id), this.#checks.of(id)]
    const mayRunAgain = check !== null && check.verdict === null && check.again === null
    if (job === null) return !this.#making.has(id)
    return isJobOver(job) && !mayRunAgain
  }

  #forgetSoon(id: string): void {
    this.#forgetWork(id).catch(this.#isLeft(id))
  }

  #isLeft(id: string): (error: unknown) => void {
    return (error) => this.#deps.log.warn('what a job ran is removed at the next start', { job: id, error })
  }

  /** Also the check of a job that never came to be. */
  async #forgetWork(id: string): Promise<void> {
    if (this.#jobs.get(id) === null) await this.#checks.forget(id)
    await this.#deps.disk.removeBlob(workFile(id))
    await this.#works.remove(id)
    await this.inputs.forget(id)
  }

  #wantOf(wish: Wish): Want {
    const { network, signer, clock, random } = this.#deps
    const now = clock.now()
    return {
      ...wish,
      ...{ network: network.id, buyer: signer.id, nonce: Buffer.from(random.bytes(16)).toString('hex') },
      ...{ issuedAt: now, deadline: now + bidsFor },
    }
  }

  async #forgetOldest(): Promise<void> {
    const over = this.#jobs.all().filter((job) => this.isSettled(job))
    for (const { id } of over.slice(0, Math.max(0, over.length - mostJobs))) {
      await this.#jobs.remove(id)
      await this.#checks.forget(id)
    }
  }
}
