/** Brings one job to its end: each step is on disk before anything is done for it, and what is to be done follows from the record alone. */
import type { BuyInput } from '../../../core/molt/market/buy.ts'
import { buyDuties } from '../../../core/molt/market/buy.ts'
import type { Job, WorkWord } from '../../../core/molt/market/job.ts'
import { isJobOver, jobStep, jobText } from '../../../core/molt/market/job.ts'
import type { Purchase, PurchaseDuty, PurchaseInput } from '../../../core/molt/market/purchase.ts'
import { mostDue } from '../../../core/molt/market/purchase.ts'
import { canonicalJson } from '../../../lib/canonical-json.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { Want } from '../../../model/molt-want.ts'
import type { Work } from '../../../model/molt-work.ts'
import type { Millis } from '../../../model/time.ts'
import { minute, second } from '../../../model/time.ts'
import type { Cancel, Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { Rpc } from '../../../ports/rpc.ts'
import type { Random } from '../../../ports/random.ts'
import type { KeptRecords } from '../kept-records.ts'
import { type CollectorDeps, collectBids } from './collector.ts'
import { carryOutDuty, type DealingDeps, foundClosed, lookForClosing } from './dealing.ts'
import type { JobInputs } from './job-inputs.ts'
import type { Supplies } from './supplying.ts'
import { isTalking, talkOnce } from './talking.ts'

export interface JobRunnerDeps extends DealingDeps, CollectorDeps {
  readonly rpc: Pick<Rpc, 'call' | 'converse'>
  readonly jobs: KeptRecords<Job>
  readonly work: (job: string) => Promise<Work | null>
  /** The job on whose account it spends: that one itself, or the one that it runs again. */
  readonly purseOf: (job: string) => string
  readonly inputs: Pick<JobInputs, 'read'>
  readonly image: Supplies['image']
  readonly onChange: (job: Job) => void
  readonly random: Random
  readonly clock: Clock
  readonly log: Log
}

/** Least time between two calls: a provider that always has news must not keep this node busy. */
const betweenCalls: Millis = 200
/** What a provider says of the work is written down so often, when nothing else has changed. */
const wordsEvery: Millis = 5 * second

/** Whoever has not ticked for so long was down, or stood still, and has heard nobody. */
const mostBetweenTicks: Millis = 15 * second

/** Bids are waited for so long. */
export const bidsFor: Millis = 5 * second

export class JobRunner {
  readonly #deps: JobRunnerDeps
  readonly #id: string
  readonly #end = new AbortController()
  /** Duties that are being done, by name. */
  readonly #doing = new Map<string, Promise<void>>()
  /** Ends the call that waits for news of a purchase, as there is something to be said. */
  readonly #pokes = new Map<string, AbortController>()
  /** Ends what is sent for a purchase. */
  readonly #showing = new Map<string, AbortController>()
  readonly #versions = new Map<string, number>()
  readonly #wordAt = new Map<string, Millis>()
  #steps: Promise<unknown> = Promise.resolve()
  #timer: Cancel = () => {}
  #lookedAt: Millis = -Infinity
  #tickedAt = -Infinity
  /** Those who did not answer when bids were collected: others are asked before them. */
  readonly #silent = new Set<string>()

  constructor(deps: JobRunnerDeps, id: string) {
    this.#deps = deps
    this.#id = id
  }

  start(): void {
    this.#tick()
  }

  async stop(): Promise<void> {
    this.#timer()
    this.#end.abort(new ClawError('NODE_UNREACHABLE', { node: 'this node', detail: 'it is shutting down' }))
    await this.#steps
    await Promise.all(this.#doing.values())
  }

  /** Throws what the disk throws; then the job is as it was. */
  async cancel(): Promise<void> {
    await this.#step({ type: 'cancel' })
    for (const poke of this.#pokes.values()) poke.abort(new Error('there is something to be said'))
  }

  /** Throws what the disk throws; then nothing has changed. */
  dispute(key: string): Promise<void> {
    return this.#step({ type: 'purchase', key, input: { type: 'dispute' } })
  }

  get #job(): Job | null {
    return this.#deps.jobs.get(this.#id)
  }

  /** What comes with time, and what has to be done again as it may have been lost. */
  #tick(): void {
    const now = this.#deps.clock.now()
    const type = now - this.#tickedAt > mostBetweenTicks ? 'back' : 'tick'
    const again = (): void => {
      const { clock } = this.#deps
      const job = this.#job
      if (this.#end.signal.aborted || job === null || isJobOver(job)) return
      const changedAt = Math.max(job.buy.since, ...job.buy.purchases.map(({ since }) => since))
      const wait = clock.now() - changedAt < 2 * minute ? second : 5 * second
      this.#timer = clock.after(wait, () => this.#tick())
    }
    const ticked = (): void => {
      this.#tickedAt = now
      again()
    }
    this.#step({ type }).then(ticked, (error: unknown) => {
      this.#later('a job could not be kept on disk', error)
      again()
    })
  }

  #step(input: BuyInput, more: (job: Job) => Job = (job) => job): Promise<void> {
    const done = this.#steps.then(async () => {
      const { jobs, clock, onChange } = this.#deps
      const before = this.#job
      if (before === null || this.#end.signal.aborted) return
      const after = more(jobStep(before, input, clock.now()))
      if (jobText(after) !== jobText(before)) {
        await jobs.put(this.#id, after)
        onChange(after)
      }
      this.#perform(after)
    })
    this.#steps = done.catch(() => 'the one who asked hears of it')
    return done
  }

  #perform(job: Job): void {
    const { network, clock } = this.#deps
    const duties = buyDuties(job.buy, network, clock.now())
    // What is over makes room for what is to be set aside next.
    for (const purchase of job.buy.purchases) this.#attend(purchase)
    for (const { key, state } of job.buy.purchases)
      if (state !== 'funded') this.#showing.get(key)?.abort(new Error('it is not waited for any more'))
    for (const duty of duties) {
      if (duty.type === 'collect')
        this.#once(`collect/${duty.round}`, () => this.#collect(job, duty.round, new Set(duty.except)))
      else this.#perhaps(job, duty.key, duty.duty)
    }
  }

  #perhaps(job: Job, key: string, duty: PurchaseDuty): void {
    const input = (index: number): Promise<AsyncIterable<Uint8Array>> =>
      this.#deps.inputs.read(job.inputs[index]?.id ?? '')
    const own = { job: this.#deps.purseOf(this.#id), work: () => this.#deps.work(this.#id) }
    const errand = { ...own, supplies: { input, inputs: job.inputs.length, image: this.#deps.image } }
    this.#once(`${key}/${duty.type}`, async () => {
      const purchase = job.buy.purchases.find((one) => one.key === key)
      if (purchase === undefined) return
      const carry = (signal: AbortSignal): Promise<PurchaseInput | null> =>
        carryOutDuty(this.#deps, errand, { purchase, duty }, signal)
      await this.#told(key, await (duty.type === 'show-hold' ? this.#whileFunded(key, carry) : carry(this.#end.signal)))
    })
  }

  /** Null when it is not to be done any more: a provider that never has enough is sent nothing beyond that. */
  async #whileFunded(
    key: string,
    carry: (signal: AbortSignal) => Promise<PurchaseInput | null>,
  ): Promise<PurchaseInput | null> {
    const off = new AbortController()
    this.#showing.set(key, off)
    try {
      return await carry(AbortSignal.any([this.#end.signal, off.signal]))
    } catch (error) {
      if (!off.signal.aborted) throw error
      return null
    } finally {
      this.#showing.delete(key)
    }
  }

  #attend(purchase: Purchase): void {
    const { key, state } = purchase
    if (state === 'closed' || state === 'closing')
      this.#once(`${key}/settle/${state}`, () => this.#deps.spending.settle(key, mostDue(purchase), state === 'closed'))
    if (state === 'closed') return
    const found = foundClosed(this.#deps, purchase)
    if (found !== null) this.#once(`${key}/found`, () => this.#told(key, found))
    else if (isTalking(purchase)) this.#once(`${key}/talk`, () => this.#talk(key))
    if (state === 'closing') this.#lookAround(purchase)
  }

  /** Who closed it may have told the witnesses alone. */
  #lookAround(purchase: Purchase): void {
    const { clock } = this.#deps
    const isDue = clock.now() - purchase.since > 20 * second && clock.elapsed() - this.#lookedAt > 30 * second
    if (!isDue) return
    this.#lookedAt = clock.elapsed()
    this.#once(`${purchase.key}/look`, () => lookForClosing(this.#deps, purchase, this.#end.signal))
  }

  async #collect(job: Job, round: number, except: ReadonlySet<string>): Promise<void> {
    const { clock, random } = this.#deps
    const now = clock.now()
    const nonce = Buffer.from(random.bytes(16)).toString('hex')
    const want: Want = { ...job.buy.want, nonce, issuedAt: now, deadline: now + bidsFor }
    const asking = { want, except: new Set([...except, ...this.#silent]), only: job.only }
    const { ranked, told, silent } = await collectBids(this.#deps, asking, this.#end.signal)
    // Where nobody else is left, they may have come back.
    if (told.asked === 0) this.#silent.clear()
    for (const provider of silent) this.#silent.add(provider)
    // Who did not answer, or has not been found yet, may be there a moment later.
    if (ranked.length === 0) await this.#until(want.deadline)
    await this.#step({ type: 'bids', round, want, ranked }, (after) => ({ ...after, round: { ...told, round } }))
  }

  /** One call after the other, until there is nothing to talk about. */
  async #talk(key: string): Promise<void> {
    for (;;) {
      const { network, clock } = this.#deps
      const job = this.#job
      const purchase = job?.buy.purchases.find((one) => one.key === key)
      if (job === null || purchase === undefined || !isTalking(purchase)) return
      if (this.#end.signal.aborted || foundClosed(this.#deps, purchase) !== null) return
      const duties = buyDuties(job.buy, network, clock.now()).flatMap((one) =>
        one.type === 'purchase' && one.key === key ? [one.duty] : [],
      )
      const poke = new AbortController()
      const begun = clock.now()
      this.#pokes.set(key, poke)
      const seen = this.#versions.get(key) ?? 0
      try {
        const signal = AbortSignal.any([this.#end.signal, poke.signal])
        const told = await talkOnce(this.#deps, { purchase, duties, seen }, signal)
        if (told === null) return
        this.#versions.set(key, told.version)
        // With its own word of it, so that nobody sees work that is over and has never begun.
        for (const input of told.inputs)
          await this.#step({ type: 'purchase', key, input }, (after) =>
            input.type === 'heard' || input.type === 'ended' ? this.#withWord(after, key, told.word) : after,
          )
        await this.#step({ type: 'tick' }, (after) => this.#withWord(after, key, told.word))
        await this.#until(Math.min(begun, clock.now()) + betweenCalls)
      } catch (error) {
        if (!poke.signal.aborted) throw error
      } finally {
        this.#pokes.delete(key)
      }
    }
  }

  #withWord(job: Job, key: string, word: WorkWord): Job {
    const now = this.#deps.clock.elapsed()
    const before = job.words[key]
    const isNews =
      before === undefined || canonicalJson({ ...before, about: '' }) !== canonicalJson({ ...word, about: '' })
    if (!isNews && now - (this.#wordAt.get(key) ?? -Infinity) < wordsEvery) return job
    this.#wordAt.set(key, now)
    return { ...job, words: { ...job.words, [key]: word } }
  }

  async #told(key: string, input: PurchaseInput | null): Promise<void> {
    if (input !== null) await this.#step({ type: 'purchase', key, input })
  }

  /** Never twice at the same time. What fails is done again with the next step, or when a second is over. */
  #once(name: string, work: () => Promise<void>): void {
    if (this.#doing.has(name) || this.#end.signal.aborted) return
    const quietly = async (): Promise<void> => {
      try {
        await work()
      } catch (error) {
        this.#later(`${name.split('/').at(-1) ?? name} of a job has to be tried again`, error)
        await this.#until(this.#deps.clock.now() + second)
      } finally {
        this.#doing.delete(name)
      }
    }
    this.#doing.set(name, quietly())
  }

  #later(message: string, error: unknown): void {
    if (this.#end.signal.aborted) return
    if (!isClawError(error)) throw error
    this.#deps.log.info(message, { job: this.#id, reason: error.message })
  }

  /** Returns then, or when the node stops. */
  #until(at: number): Promise<void> {
    const { clock } = this.#deps
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(Math.max(0, at - clock.now()), resolve)
    const give = (): void => resolve()
    this.#end.signal.addEventListener('abort', give, { once: true })
    return promise.finally(() => {
      cancel()
      this.#end.signal.removeEventListener('abort', give)
    })
  }
}
