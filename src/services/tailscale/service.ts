/**
 * Has this host be in a tailnet where its owner wants that: logs in when that is needed, looks how it is, and tells at which addresses the
 * host is reached there for as long as it is. What somebody has turned off stays off.
 */
import { announcedAt, ipOf, toldOf } from '../../core/tailscale/addresses.ts'
import { boundedUp, downCommand, keyFor, upCommand } from '../../core/tailscale/arguments.ts'
import { isExpected, nextStep, type Trouble, troubleOf, waitAfter } from '../../core/tailscale/next.ts'
import type { TailscaleSetup } from '../../core/tailscale/setup.ts'
import { readStatus } from '../../core/tailscale/status.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { Tailnet } from '../../model/tailnet.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import type { Service } from '../../ports/service.ts'
import type { TailnetEcho } from '../../ports/tailscale.ts'
import { Loop } from '../gateway/loop.ts'
import type { TailscaleDeps, TailscaleLook } from './types.ts'

/** Longest that the client waits until the tailnet is there. */
const upSeconds = 30
/** The same where a person has to log in first: until it knows where. */
const byHandSeconds = 8
const lookEvery: Millis = 5 * second
/** A client that does not answer for so long is taken to be gone, and its addresses with it. */
const patience: Millis = minute

/** What the owner has said, and where the mesh listens on this host. */
export interface TailscalePlace {
  /** Null where the host is to be in no tailnet. */
  readonly setup: TailscaleSetup | null
  readonly listen: readonly string[]
}

export class TailscaleService implements Service {
  readonly name = 'tailscale'
  readonly #deps: TailscaleDeps
  readonly #place: TailscalePlace
  readonly #loop: Loop
  readonly #listeners = new Set<() => void>()
  #tailnet: Tailnet | null = null
  /** On the steady clock. */
  #seenAt: Millis = 0
  #troubles: readonly Trouble[] = []
  /** The client has taken what the settings say. */
  #isTold = false
  #failures = 0
  #notBefore: Millis = 0
  /** Of bringing it up, which stays for as long as that is not tried again. */
  #failed: Trouble | null = null
  /** What runs the client now, or did last: one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: TailscaleDeps, place: TailscalePlace) {
    this.#deps = deps
    this.#place = place
    this.#loop = new Loop(deps, { every: lookEvery, pause: second / 5 }, (signal) =>
      this.#inTurn(() => this.#run(signal)),
    )
  }

  start(): Promise<void> {
    if (this.#place.setup !== null) this.#loop.start()
    return Promise.resolve()
  }

  /** Looks once, and brings it up where that has to be, for who must reach others before all else starts. What fails is told by `problems`. */
  first(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#run(signal))
  }

  /** The tailnet is the host's, and stays. */
  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  problems(): readonly string[] {
    return this.#troubles.map(inBrief)
  }

  /** Tells when `problems` has something else to say. */
  onProblems(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Multiaddrs at which others reach this host over the tailnet, now. */
  addresses(): readonly string[] {
    const { setup, listen } = this.#place
    const tailnet = this.#tailnet
    if (setup === null || tailnet?.state !== 'Running' || !isExpected(tailnet, setup)) return []
    const { addresses, isUserspace } = tailnet
    return announcedAt(toldOf(addresses, setup.meshCidr), { listen, isUserspace })
  }

  /** Of the addresses of another host, those that lead over the tailnet to a machine that is there: the way that is sure to be open. */
  ways(addresses: readonly string[]): readonly string[] {
    const tailnet = this.#tailnet
    if (tailnet?.state !== 'Running' || tailnet.isUserspace) return []
    const there = new Set(tailnet.peers.flatMap((peer) => (peer.isOnline ? peer.addresses : [])))
    return addresses.filter((address) => there.has(ipOf(address) ?? ''))
  }

  /** Null where the host is to be in no tailnet. */
  look(): TailscaleLook | null {
    const { setup } = this.#place
    if (setup === null) return null
    return { setup, tailnet: this.#tailnet, announced: this.addresses(), troubles: this.#troubles }
  }

  /** Brings it up although it was turned off. Null where the host is to be in no tailnet. Throws TAILSCALE_BY_HAND, TAILSCALE_FAILED and CONFIG_INVALID. */
  async up(signal: AbortSignal): Promise<TailscaleLook | null> {
    const { setup } = this.#place
    if (setup === null) return null
    if (!setup.manages) throw new ClawError('TAILSCALE_BY_HAND', { command: upCommand(setup) })
    return this.#inTurn(async () => {
      signal.throwIfAborted()
      await this.#bringUp(setup, signal)
      await this.#run(signal)
      return this.look()
    })
  }

  /** It stays off until it is brought up. Null where the host is to be in no tailnet. Throws TAILSCALE_BY_HAND and TAILSCALE_FAILED. */
  async down(signal: AbortSignal): Promise<TailscaleLook | null> {
    const { setup } = this.#place
    if (setup === null) return null
    if (!setup.manages) throw new ClawError('TAILSCALE_BY_HAND', { command: downCommand(setup) })
    return this.#inTurn(async () => {
      signal.throwIfAborted()
      await this.#deps.client.down(signal)
      await this.#run(signal)
      return this.look()
    })
  }

  echo(address: string, count: number, signal: AbortSignal): Promise<TailnetEcho> {
    return this.#deps.client.echo(address, { count, signal })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work)
    // Whoever asked for it hears of its failure; the next only waits for its end.
    this.#turn = mine.catch(() => null)
    return mine
  }

  async #bringUp(setup: TailscaleSetup, signal: AbortSignal): Promise<void> {
    const { state, isExpired, hasNodeKey } = await this.#read(signal)
    const needsLogin = state === 'NeedsLogin'
    const key = needsLogin ? await this.#deps.key() : null
    try {
      await this.#up(setup, { key, isRenewal: needsLogin && isExpired && hasNodeKey }, signal)
    } catch (error) {
      // Without a key a person has to log in, and is told where.
      const after = await this.#read(signal)
      if (key !== null || !needsLogin || after.loginUrl === null) throw error
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { setup } = this.#place
    if (setup === null) return
    try {
      this.#tell(await this.#step(setup, signal))
    } catch (error) {
      if (!isClawError(error)) throw error
      if (signal.aborted) return
      const isGone = this.#deps.clock.elapsed() - this.#seenAt >= patience
      // What runs no more, or is not there, has no addresses at once; what only does not answer may have them still.
      const isSure = ClawError.is(error, 'TAILSCALE_FAILED') && ['missing', 'daemon'].includes(error.facts.why)
      if (isGone || isSure) this.#tailnet = null
      this.#isTold = false
      this.#tell(troubleOf(error, setup))
    }
  }

  async #step(setup: TailscaleSetup, signal: AbortSignal): Promise<Trouble | null> {
    const { clock } = this.#deps
    const tailnet = await this.#read(signal)
    // Nobody looks for it before it is needed.
    const key = tailnet.state === 'NeedsLogin' && setup.manages ? await this.#deps.key() : null
    const around = { setup, hasKey: key !== null, isTold: this.#isTold, now: clock.now() }
    const next = nextStep(tailnet, around)
    if (next.do === 'nothing') return next.trouble
    if (clock.elapsed() < this.#notBefore) return this.#failed
    await this.#up(setup, { key, isRenewal: next.isRenewal }, signal).catch((error: unknown) => {
      if (!ClawError.is(error, 'TAILSCALE_FAILED') || signal.aborted) throw error
      this.#failures += 1
      this.#notBefore = clock.elapsed() + waitAfter(this.#failures)
      this.#failed = troubleOf(error, setup)
    })
    if (this.#failed !== null) return this.#failed
    const after = nextStep(await this.#read(signal), { ...around, isTold: true })
    return after.do === 'nothing' ? after.trouble : null
  }

  async #up(
    setup: TailscaleSetup,
    { key, isRenewal }: { readonly key: string | null; readonly isRenewal: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { client, log } = this.#deps
    const isByHand = key === null && this.#tailnet?.state === 'NeedsLogin'
    const words = boundedUp(setup, { isRenewal, seconds: isByHand ? byHandSeconds : upSeconds })
    await client.up(words, key === null ? null : keyFor(key, setup), signal)
    log.info('the tailnet was told what this host is to be there', { name: setup.hostName, loggedIn: key !== null })
    this.#isTold = true
    this.#failures = 0
    this.#failed = null
    this.#notBefore = 0
  }

  async #read(signal: AbortSignal): Promise<Tailnet> {
    const { client, clock, log } = this.#deps
    const tailnet = readStatus(await client.status(signal))
    if (tailnet === null)
      throw new ClawError('TAILSCALE_FAILED', { why: 'garbage', problem: 'tailscale status printed no status' })
    if (tailnet.state !== this.#tailnet?.state)
      log.info('the tailnet of this host has changed', { state: tailnet.state, addresses: tailnet.addresses })
    this.#tailnet = tailnet
    this.#seenAt = clock.elapsed()
    return tailnet
  }

  #tell(trouble: Trouble | null): void {
    const troubles = trouble === null ? [] : [trouble]
    if (isSameJson(troubles, this.#troubles)) return
    this.#troubles = troubles
    if (trouble !== null) this.#deps.log.warn('the tailnet is not as it should be', { reason: trouble.words })
    for (const listener of this.#listeners) listener()
  }
}

/** What fits into a report. */
const longest = 120

function inBrief({ words, command }: Trouble): string {
  const whole = `tailscale: ${words}${command === null ? '' : `: run  ${command}`}`
  return whole.length <= longest ? whole : `tailscale: ${words}: see  network tailscale status  for what to run`
}
