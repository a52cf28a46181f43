/** Challenges providers: rents a GPU, has a program there fill its memory, and checks by itself what comes back. */
import {
  type Challenge,
  longestFill,
  longestWalk,
  type Own,
  probeProblem,
  type ProbeProblem,
  workOut,
} from '../../../core/molt/market/challenge.ts'
import type { Job } from '../../../core/molt/market/job.ts'
import { isJobOver, presentOf } from '../../../core/molt/market/job.ts'
import { abortable } from '../../../lib/abortable.ts'
import { laneMib } from '../../../lib/memory-lanes.ts'
import { isClawError } from '../../../model/failure.ts'
import type { NodeId } from '../../../model/ids.ts'
import type { Work } from '../../../model/molt-work.ts'
import { minute, type Millis, second } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Random } from '../../../ports/random.ts'
import type { BuyingService, Wish } from './buying.ts'
import type { FindingsBook } from './findings-book.ts'
import { jobStates } from './job-watch.ts'
import { askProgram } from './probe-talk.ts'

export interface ProbeDeps {
  readonly network: string
  readonly self: NodeId
  readonly buying: Pick<BuyingService, 'submit' | 'job' | 'isSettled' | 'onChange' | 'exec' | 'cancel'>
  readonly findings: Pick<FindingsBook, 'add'>
  readonly clock: Clock
  readonly random: Random
}

export interface ProbeRequest {
  readonly provider: NodeId
  readonly wish: Wish
  readonly work: Work
  /** The program in the image, and its arguments. */
  readonly program: readonly string[]
  readonly memoryMib: number
  readonly steps: number
  /** How long filling may take; null for as long as this node would need. */
  readonly within: Millis | null
  readonly by: string
}

export interface ProbeResult {
  readonly job: string
  readonly verdict: 'probed' | 'probe-failed' | 'unclear'
  readonly why: string | null
  readonly filledIn: Millis | null
  readonly walkedIn: Millis | null
  readonly laneTakes: Millis | null
}

const maxAge = 5 * minute
/** Before its lease ends by itself, and the conversation with it: silence until then is the program's own. */
const beforeEnd = 5 * second
/** Answers that are remembered, so that none is taken twice. */
const mostSeen = 10_000
/** Own work pauses so long between two slices of it, so that the node can do everything else. */
const pause: Millis = 1

const words: Readonly<Record<ProbeProblem, string>> = {
  expired: 'its answer came too late',
  'other-verifier': 'it was asked by somebody else',
  replayed: 'its answer was given before',
  wrong: 'its answer is wrong',
  'slow-fill': 'filling the memory took too long',
  'slow-walk': 'walking through the memory took so long that it had to be made anew',
}

export class ProbeService {
  readonly #deps: ProbeDeps
  readonly #seen = new Set<string>()

  constructor(deps: ProbeDeps) {
    this.#deps = deps
  }

  /** Costs what the lease does. What comes of it is in the book, unless it is unclear. Throws as BuyingService.submit does, and the signal's reason. */
  async probe(request: ProbeRequest, onJob: (id: string) => void, signal: AbortSignal): Promise<ProbeResult> {
    const { buying } = this.#deps
    const { provider, wish, work, by } = request
    const { id } = await buying.submit({ name: 'probe', wish, work, by, only: provider })
    onJob(id)
    try {
      const problem = await this.#begun(id, signal)
      if (problem !== null) return unclear(id, problem)
      return await this.#asked(id, request, signal)
    } finally {
      // Should this fail, the work ends by itself.
      await buying.cancel(id)
    }
  }

  /** Returns null once its work runs, or why it never will. */
  async #begun(id: string, signal: AbortSignal): Promise<string | null> {
    for await (const job of jobStates(this.#deps.buying, id, signal)) {
      if (isJobOver(job)) return endOf(job)
      const present = presentOf(job)
      if (present?.state === 'running' && present.seen.isRunning) return null
    }
    return endOf(this.#deps.buying.job(id))
  }

  async #asked(id: string, request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult> {
    const { clock, buying } = this.#deps
    const challenge = this.#challengeFor(request)
    const late = new AbortController()
    const endsAt = presentOf(buying.job(id))?.terms.endsAt ?? Infinity
    const patience = Math.max(0, Math.min(challenge.maxAge, endsAt - beforeEnd - clock.now()))
    const cancel = clock.after(patience, () => late.abort(new Error('the answer did not come in time')))
    let askedAt: Millis | null = null
    try {
      const exec = { command: [...request.program], workdir: null, env: {}, stdin: true, terminal: null }
      const side = await buying.exec(id, exec, AbortSignal.any([signal, late.signal]))
      askedAt = clock.elapsed()
      const asked = await askProgram(clock, challenge, side)
      if (asked.type !== 'told')
        return asked.type === 'unclear'
          ? unclear(id, asked.why)
          : await this.#found(id, request, { ...none, why: asked.why })
      const { told } = asked
      const now = clock.now()
      const own = await this.#workedOut(challenge, signal)
      const { within } = request
      const problem = probeProblem(challenge, told, { self: this.#deps.self, own, seen: this.#seen, within, now })
      this.#remember(told.answer)
      const { filledIn, walkedIn } = told
      const why = problem === null ? null : words[problem]
      return await this.#found(id, request, { filledIn, walkedIn, laneTakes: own.laneTakes, why })
    } catch (error) {
      if (signal.aborted) throw error
      if (late.signal.aborted) return await this.#unanswered(id, request, { challenge, askedAt }, signal)
      if (!isClawError(error)) throw error
      return unclear(id, error.message)
    } finally {
      cancel()
      late.abort(new Error('the probe is over'))
    }
  }

  /** Whoever was asked, and says nothing until its answer is due, has failed: what cannot be answered could always be kept silent on. */
  async #unanswered(
    id: string,
    request: ProbeRequest,
    { challenge, askedAt }: { readonly challenge: Challenge; readonly askedAt: Millis | null },
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    const waited = askedAt === null ? 0 : this.#deps.clock.elapsed() - askedAt
    const own = await this.#workedOut(challenge, signal)
    const due = (request.within ?? longestFill(challenge, own)) + longestWalk(challenge, own)
    if (askedAt === null || waited < due) return unclear(id, 'it did not answer before its lease was over')
    return this.#found(id, request, { ...none, laneTakes: own.laneTakes, why: 'it did not answer in time' })
  }

  #challengeFor({ provider, memoryMib, steps }: ProbeRequest): Challenge {
    const { network, self, random, clock } = this.#deps
    const nonce = (): string => Buffer.from(random.bytes(32)).toString('hex')
    return {
      ...{ network, verifier: self, provider, nonces: { fill: nonce(), walk: nonce() } },
      ...{ issuedAt: Math.floor(clock.now()), maxAge, lanes: Math.max(1, Math.floor(memoryMib / laneMib)), steps },
    }
  }

  /** In slices of some milliseconds. */
  async #workedOut(challenge: Challenge, signal: AbortSignal): Promise<Own> {
    const { clock } = this.#deps
    const working = workOut(challenge, () => clock.elapsed())
    for (let next = working.next(); ; next = working.next()) {
      if (next.done === true) return next.value
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(pause, resolve)
      await abortable(promise, signal).finally(cancel)
    }
  }

  #remember(answer: string): void {
    this.#seen.add(answer)
    const [oldest] = this.#seen
    if (this.#seen.size > mostSeen && oldest !== undefined) this.#seen.delete(oldest)
  }

  async #found(
    job: string,
    { provider, memoryMib }: ProbeRequest,
    measured: Omit<ProbeResult, 'job' | 'verdict'>,
  ): Promise<ProbeResult> {
    const { findings, clock } = this.#deps
    const verdict = measured.why === null ? 'probed' : 'probe-failed'
    const about = measured.why ?? `${memoryMib} MiB were filled in ${inSeconds(measured.filledIn)}`
    await findings.add({ provider, kind: verdict, at: Math.floor(clock.now()), job, about })
    return { job, verdict, ...measured }
  }
}

const none = { filledIn: null, walkedIn: null, laneTakes: null }
const unclear = (job: string, why: string): ProbeResult => ({ job, verdict: 'unclear', ...none, why })
const inSeconds = (span: Millis | null): string => `${((span ?? 0) / second).toFixed(1)} s`

const endOf = (job: Job): string => `the work did not begin: ${presentOf(job)?.why ?? job.buy.why ?? 'it is over'}`
