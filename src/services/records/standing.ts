/** The certificate by which others know that this node belongs to the network; and, on a witness, who is given one. */
import { abortable } from '../../lib/abortable.ts'
import { Buckets } from '../../lib/buckets.ts'
import { Recent } from '../../lib/recent.ts'
import { certificateLife, certifiedUntil, certifyIssuer, isNamed } from '../../core/records/certificate.ts'
import type { Network } from '../../core/molt/network.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { day, type Instant, minute } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc, Unsubscribe } from '../../ports/rpc.ts'
import type { Signer, Verifier } from '../../ports/signer.ts'
import { askStanding } from '../../wire/record.ts'

export const certificateFile = 'record-certificate'

/** Strangers that a witness certifies: so many an hour, and so many at once after a pause. Those it knows already cost nothing. */
const welcome = { perSecond: 120 / 3_600, burst: 240 }
const remembered = 20_000

export interface StandingDeps {
  readonly network: Network
  readonly signer: Signer
  readonly verifier: Verifier
  readonly rpc: Pick<Rpc, 'call' | 'serve'>
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  readonly clock: Clock
  readonly log: Log
}

const none = new Uint8Array(0)

export class RecordStanding {
  readonly #deps: StandingDeps
  readonly #known = new Recent<NodeId, Instant>(remembered)
  readonly #strangers: Buckets
  #certificate = none
  #notAfter: Instant = 0
  #asking: Promise<void> | null = null
  #unserve: Unsubscribe = () => {}
  readonly #life = new AbortController()

  constructor(deps: StandingDeps) {
    this.#deps = deps
    this.#strangers = new Buckets(welcome.perSecond, () => deps.clock.elapsed(), { burst: welcome.burst })
  }

  async open(): Promise<void> {
    const { disk, network, signer, rpc } = this.#deps
    const stored = await disk.readBlob(certificateFile)
    if (stored !== null) this.#use(stored)
    if (network.witnesses.has(signer.id))
      this.#unserve = rpc.serve(askStanding, (_, from) =>
        // A refusal is an answer, too.
        Promise.resolve().then(() => ({ certificate: this.#certify(from) })),
      )
  }

  close(): void {
    this.#life.abort(new Error('the records are closed'))
    this.#unserve()
  }

  /** What goes into this node's records. Throws NO_STANDING when there is none and no witness gives one. */
  async certificate(signal: AbortSignal): Promise<Uint8Array> {
    const { network, signer, clock } = this.#deps
    if (isNamed(signer.id, network)) return none
    const left = this.#notAfter - clock.now()
    if (left > certificateLife / 2) return this.#certificate
    try {
      this.#asking ??= this.#ask(this.#life.signal).finally(() => (this.#asking = null))
      await abortable(this.#asking, signal)
    } catch (error) {
      signal.throwIfAborted()
      // The one that it has does for some time.
      if (left <= minute) throw error
    }
    return this.#certificate
  }

  /** One witness after the other. */
  async #ask(signal: AbortSignal): Promise<void> {
    const { network, rpc, disk, log } = this.#deps
    let detail = 'there is none'
    for (const witness of network.witnesses) {
      signal.throwIfAborted()
      try {
        const { certificate } = await rpc.call(witness, askStanding, {}, signal)
        if (!this.#use(certificate)) throw new ClawError('NO_STANDING', { detail: `${witness} gave none that counts` })
        await disk.writeBlob(certificateFile, certificate)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof ClawError)) throw error
        log.debug('a witness gave no certificate', { witness, error })
        detail = error.message
      }
    }
    throw new ClawError('NO_STANDING', { detail })
  }

  #use(certificate: Uint8Array): boolean {
    const { network, signer, verifier, clock } = this.#deps
    const until = certifiedUntil(certificate, signer.id, { network, verifier, now: clock.now() })
    if (until === null || until < this.#notAfter) return false
    this.#certificate = new Uint8Array(certificate)
    this.#notAfter = until
    return true
  }

  #certify(peer: NodeId): Uint8Array {
    const { network, signer, clock } = this.#deps
    const seconds = this.#known.has(peer) ? 0 : this.#strangers.take('all')
    if (seconds > 0) throw new ClawError('RATE_LIMITED', { who: 'The network', seconds })
    this.#known.keep(peer, clock.now())
    // To the day: for the same question there is the same answer for some time.
    const notAfter = Math.ceil((clock.now() + certificateLife) / day) * day
    return certifyIssuer(signer, network.id, peer, notAfter)
  }
}
