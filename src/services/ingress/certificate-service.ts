/**
 * Certificates that the mesh orders for its ingresses: one node at a time orders for a host, all that take requests for it show what came,
 * and any of them answers the authority. The keys stand in the state, sealed to those nodes.
 */
import { dueAt, lacking, orderedBy, wantedHosts } from '../../core/ingress/certificates.ts'
import type { Change, Command } from '../../core/state/types.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { Buckets } from '../../lib/buckets.ts'
import { sealedTo } from '../../model/certificate.ts'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { CertificateAuthority } from '../../ports/certificate-authority.ts'
import type { Cancel, Clock } from '../../ports/clock.ts'
import type { ShownPair } from '../../ports/ingress-door.ts'
import type { Log } from '../../ports/log.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { Control } from '../control/types.ts'
import { Arrivals, type ArrivalsDeps } from './arrivals.ts'
import { KeyRing, type KeyRingDeps } from './key-ring.ts'
import { orderOne } from './order-one.ts'
import { SetAside } from './set-aside.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface CertificateDeps extends KeyRingDeps, Pick<ArrivalsDeps, 'disk'> {
  readonly control: Pick<Control, 'state' | 'onChange' | 'execute'>
  readonly clock: Clock
  readonly log: Log
  /** Null where the owner of this host lets it order none. */
  readonly authority: CertificateAuthority | null
  /** Whether it takes requests over TLS. */
  readonly hasTls: boolean
}

/** How often it is looked, if nothing changes. */
const lookEvery: Millis = minute
/** How long a change may take to be carried out. */
const patience: Millis = 20 * second
/** How long a host is left alone that the mesh refuses, until the next look, and one that another orders, of which our log tells soon. */
const rests = { refused: lookEvery - second, elsewhere: 2 * second } as const
/** An authority that looks may be sooner than our log. */
const awaitMs: Millis = 3 * second
/** Orders of this node: so many at once after a pause, and one in three minutes. */
const pace = { perSecond: 1 / 180, burst: 20 } as const

/** What the mesh refuses, and what the system says of the disk. */
const isExpected = (error: unknown): error is Error =>
  error instanceof ClawError || (error instanceof Error && 'syscall' in error)

export class CertificateService implements Service {
  readonly name = 'certificates'
  readonly #deps: CertificateDeps
  readonly #ring: KeyRing
  readonly #arrivals: Arrivals
  readonly #orders: Buckets
  readonly #aside = new SetAside()
  readonly #room = new WaitingRoom()
  readonly #listeners = new Set<() => void>()
  #life = new AbortController()
  #unsubscribe: Unsubscribe = () => {}
  #next: Cancel = () => {}
  #turn: Promise<void> = Promise.resolve()
  #ordering: Promise<void> | null = null
  #isLooking = false
  #problem: string | null = null
  #told: readonly string[] = []
  #count = 0

  constructor(deps: CertificateDeps) {
    this.#deps = deps
    this.#ring = new KeyRing(deps)
    this.#arrivals = new Arrivals({ ...deps, ring: this.#ring })
    this.#orders = new Buckets(pace.perSecond, () => deps.clock.elapsed(), { burst: pace.burst })
  }

  async start(): Promise<void> {
    this.#life = new AbortController()
    await this.#arrivals.open()
    this.#unsubscribe = this.#deps.control.onChange((changes) => this.#onChange(changes))
    this.#look(true)
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#next()
    this.#life.abort(new Error('the daemon stops'))
    await this.#turn
    await this.#ordering
  }

  /** What keeps this peer from showing or ordering certificates, in words. */
  problems(): readonly string[] {
    const problems = [this.#problem ?? this.#aside.problem, this.#ring.problem]
    return problems.flatMap((problem) => (problem === null ? [] : `ingress: certificates: ${problem}`))
  }

  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What this node shows of what was ordered. */
  shown(): readonly ShownPair[] {
    return this.#ring.pairs
  }

  onShown(listener: () => void): Unsubscribe {
    return this.#ring.onPairs(listener)
  }

  /** What the authority is answered; null where nobody orders for the host under that token. `from` is the address that asks, if known. */
  challenge(host: string, token: string, from: string | null = null): Promise<string | null> {
    const { control, clock } = this.#deps
    const find = (): string | null =>
      control.state.certificates.get(host)?.turn?.challenges.find((one) => one.token === token)?.answer ?? null
    const known = find()
    const leave = known === null ? this.#wait(host, from) : null
    if (leave === null) return Promise.resolve(known)
    return new Promise((resolve) => {
      const end = (answer: string | null): void => {
        leave()
        cancel()
        unsubscribe()
        resolve(answer)
      }
      const cancel = clock.after(awaitMs, () => end(null))
      const unsubscribe = control.onChange(() => {
        const answer = find()
        if (answer !== null) end(answer)
      })
    })
  }

  /** Also for a host that we have not heard of: of a new one, the authority may be the first to tell. Null where it is of no use. */
  #wait(host: string, from: string | null): (() => void) | null {
    const own = [...this.#deps.control.state.ingresses.values()].filter((one) => one.host === host)
    const isStranger = own.length === 0
    return isStranger || own.some(({ acme }) => acme === true) ? this.#room.enter({ isStranger, from }) : null
  }

  #onChange(changes: readonly Change[]): void {
    if (changes.some(({ type }) => type === 'ingress' || type === 'member')) this.#look(false)
  }

  /** One look at a time, and one more for all that changed meanwhile. */
  #look(isRegular: boolean): void {
    if (this.#life.signal.aborted || (this.#isLooking && !isRegular)) return
    this.#isLooking = true
    this.#next()
    this.#turn = this.#turn.then(async () => {
      this.#isLooking = false
      if (this.#life.signal.aborted) return
      await this.#tryTo(() => this.#doAll(isRegular))
      this.#next()
      this.#next = this.#deps.clock.after(this.#untilNext(), () => this.#look(true))
    })
  }

  async #doAll(isRegular: boolean): Promise<void> {
    this.#ring.open()
    await this.#announce()
    await this.#share(isRegular)
    const { authority, control, clock } = this.#deps
    if (authority === null || this.#ordering !== null) return
    await this.#arrivals.tidy(control.state, clock.now())
    this.#order(authority)
  }

  /** Nothing is said until there is something to show. */
  async #announce(): Promise<void> {
    const { control, self, authority, hasTls } = this.#deps
    const said = control.state.tlsNodes.get(self)
    const orders = authority !== null
    if (!hasTls && said !== undefined) await this.#execute({ type: 'leave-certificates', node: self })
    if (!hasTls || said?.orders === orders || wantedHosts(control.state).size === 0) return
    await this.#execute({ type: 'serve-certificates', node: self, orders })
  }

  /** The first of those that have the key does it at once, and the others if it has not. */
  async #share(isRegular: boolean): Promise<void> {
    const { control, self } = this.#deps
    const { state } = control
    for (const certificate of [...state.certificates.values()]) {
      const { host, shown } = certificate
      const pair = this.#ring.pairOf(host)
      const missing = lacking(state, certificate)
      if (pair === null || shown === null || missing.length === 0) continue
      const [first] = [...state.tlsNodes.keys()].filter((node) => sealedTo(shown, node) !== undefined).toSorted()
      if (first !== self && !isRegular) continue
      await this.#execute({
        type: 'share-certificate',
        host,
        node: self,
        keys: this.#ring.sealed(host, pair.key, missing),
      })
    }
  }

  #order(authority: CertificateAuthority): void {
    const { clock } = this.#deps
    const host = this.#nextToOrder()
    if (host === undefined) return
    const execute = (command: Command): Promise<void> => this.#execute(command)
    const onOrder = (): void => void this.#orders.take('all')
    const { signal } = this.#life
    const deps = { ...this.#deps, ring: this.#ring, arrivals: this.#arrivals, execute, onOrder, authority, signal }
    const order = async (): Promise<void> => {
      const until = (rest: Millis): Millis => clock.elapsed() + rest
      try {
        if (await orderOne(host, deps)) this.#aside.drop(host)
        else this.#aside.put(host, { until: until(rests.elsewhere), problem: null })
      } catch (error) {
        if (isExpected(error)) this.#aside.put(host, { until: until(rests.refused), problem: error.message })
        throw error
      }
    }
    this.#ordering = this.#tryTo(order).then(() => {
      this.#ordering = null
      this.#look(false)
    })
  }

  /** What has come and is only to be sent again, then renewals, and what is new last, as there may be no room for it. */
  #nextToOrder(): string | undefined {
    const { control, clock, self } = this.#deps
    const { state } = control
    const now = clock.now()
    const allDue = [...orderedBy(state, self)].filter((host) => {
      const known = state.certificates.get(host)
      const at = dueAt(state, known, now)
      return (at !== null && at <= now) || (known?.turn?.node === self && this.#arrivals.has(host))
    })
    this.#aside.keep(new Set(allDue))
    const due = allDue.filter((host) => !this.#aside.has(host, clock.elapsed()))
    const sent = due.find((host) => this.#arrivals.has(host))
    if (sent !== undefined || this.#orders.wait('all') > 0) return sent
    return due.find((host) => (state.certificates.get(host)?.shown ?? null) !== null) ?? due[0]
  }

  /** Until the next is due, if that is sooner than the next look. */
  #untilNext(): Millis {
    const { control, clock, self } = this.#deps
    const now = clock.now()
    const waits = [...orderedBy(control.state, self)].flatMap((host) => {
      const at = dueAt(control.state, control.state.certificates.get(host), now)
      return at === null || at <= now ? [] : at - now
    })
    return Math.max(second, Math.min(lookEvery, ...waits))
  }

  /** What the mesh refuses now it may allow later: it is looked again. */
  async #tryTo(act: () => Promise<void>): Promise<void> {
    try {
      await act()
      this.#note(null)
    } catch (error) {
      if (this.#life.signal.aborted) return
      if (!isExpected(error)) throw error
      this.#note(error.message)
    }
  }

  #note(problem: string | null): void {
    this.#problem = problem
    this.#tell()
  }

  /** Whoever listens, if there is something else to say. */
  #tell(): void {
    const problems = this.problems()
    if (isSameJson(problems, this.#told)) return
    for (const problem of problems) if (!this.#told.includes(problem)) this.#deps.log.warn(problem)
    this.#told = problems
    for (const listener of this.#listeners) listener()
  }

  async #execute(command: Command): Promise<void> {
    const { self, clock, control } = this.#deps
    const late = new AbortController()
    const cancel = clock.after(patience, () => late.abort())
    this.#count += 1
    const id = `certificates:${self}:${clock.now()}:${this.#count}`
    const signal = AbortSignal.any([this.#life.signal, late.signal])
    await control.execute(command, { id, by: self, signal }).finally(cancel)
  }
}
