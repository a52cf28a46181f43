/** What a witness does for others at most. Strangers pay nothing for a new name, so what counts is what an account has. */
import { leastPayment, paysTooLittle } from '../../core/molt/spend.ts'
import { Buckets } from '../../lib/buckets.ts'
import { Recent } from '../../lib/recent.ts'
import type { MicroMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import type { Spend } from '../../model/molt-line.ts'
import type { Millis } from '../../model/time.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'

export interface WitnessLimits {
  /** What one caller may ask in a second, and at once after a pause: each signature that is to be checked counts. */
  readonly perCaller: { readonly perSecond: number; readonly burst: number }
  /** Lines of one account in a second, and at once. */
  readonly perAccount: { readonly perSecond: number; readonly burst: number }
  /** What a line of an owner pays to each of those it names. */
  readonly leastPayment: MicroMolt
  /** Accounts that one other may bring into being in a second, and at once. */
  readonly openings: { readonly perSecond: number; readonly burst: number }
  readonly mostAccounts: number
  /** Between two rounds of one agreement. */
  readonly roundPace: Millis
}

export const usualWitnessLimits: WitnessLimits = {
  perCaller: { perSecond: 500, burst: 2_000 },
  perAccount: { perSecond: 50, burst: 500 },
  leastPayment,
  openings: { perSecond: 2, burst: 200 },
  mostAccounts: 2_000_000,
  roundPace: 2 * second,
}

/** As many requests of one who has shown what was never signed. */
const falseCertificate = 1_000

export class LimitKeeper {
  readonly #clock: Clock
  readonly #limits: WitnessLimits
  readonly #callers: Buckets
  readonly #accounts: Buckets
  readonly #openings: Buckets
  /** When the last round of an agreement was opened, on the steady clock. */
  readonly #rounds = new Recent<string, Millis>(10_000)

  constructor(clock: Clock, limits: WitnessLimits) {
    const now = (): Millis => clock.elapsed()
    const bucketsOf = ({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }): Buckets =>
      new Buckets(perSecond, now, { burst })
    this.#clock = clock
    this.#limits = limits
    this.#callers = bucketsOf(limits.perCaller)
    this.#accounts = bucketsOf(limits.perAccount)
    this.#openings = bucketsOf(limits.openings)
  }

  /** Throws RATE_LIMITED. */
  admitCaller(caller: string, cost = 1): void {
    const seconds = this.#callers.take(caller, cost)
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who: caller, seconds })
  }

  /** Whoever has a false certificate checked has the work of many requests done. */
  fine(caller: string): void {
    this.#callers.owe(caller, falseCertificate)
  }

  /** Throws RATE_LIMITED. */
  admitLine(account: string): void {
    const seconds = this.#accounts.take(account)
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who: account, seconds })
  }

  /** Whether the owner's line pays somebody less than is worth a line. */
  isTooLittle(spend: Spend): boolean {
    return paysTooLittle(spend, this.#limits.leastPayment)
  }

  /** Whether the accounts that this line would bring into being may be. */
  mayOpen({ account, outputs }: Spend, accounts: ReadonlyMap<string, unknown>): boolean {
    const opened = outputs.filter(({ to }) => !accounts.has(to))
    if (opened.length === 0) return true
    if (accounts.size + opened.length > this.#limits.mostAccounts) return false
    return this.#openings.take(account, opened.length) === 0
  }

  /** Whether it is time for a new round of that agreement; if so, the next one has to wait again. */
  mayOpenRound(account: string): boolean {
    const now = this.#clock.elapsed()
    const last = this.#rounds.get(account)
    if (last !== undefined && now - last < this.#limits.roundPace) return false
    this.#rounds.keep(account, now)
    return true
  }
}
