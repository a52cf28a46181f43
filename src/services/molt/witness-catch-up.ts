/** Has a witness hear of lines that it was not shown: it asks each of the others which accounts have changed, and for the lines it lacks. */
import type { Network } from '../../core/molt/network.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate } from '../../model/molt-line.ts'
import { second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { Signer } from '../../ports/signer.ts'
import type { SettleAnswer } from '../../wire/molt-witness.ts'
import { readHeads, readLines } from '../../wire/molt-witness.ts'
import { Loop } from '../gateway/loop.ts'

export interface WitnessCatchUpDeps {
  readonly network: Pick<Network, 'witnesses' | 'quorum'>
  readonly signer: Pick<Signer, 'id'>
  readonly rpc: Pick<Rpc, 'call'>
  readonly clock: Clock
  readonly log: Log
}

export interface WitnessCatchUpHooks {
  readonly sequenceOf: (account: string) => Promise<number>
  readonly settle: (lines: readonly Certificate[]) => Promise<SettleAnswer>
  /** What so many others know that every quorum has one of them, or this witness, has been heard. */
  readonly heardEnough: () => Promise<void>
}

interface Place {
  readonly epoch: string
  readonly after: number
}

const every = { every: 5 * second, pause: second }
/** Pages of heads from one other in one run: the rest comes with the next one. */
const mostPages = 64

export class WitnessCatchUp {
  readonly #deps: WitnessCatchUpDeps
  readonly #hooks: WitnessCatchUpHooks
  readonly #places = new Map<NodeId, Place>()
  readonly #heard = new Set<NodeId>()
  readonly #loop: Loop

  constructor(deps: WitnessCatchUpDeps, hooks: WitnessCatchUpHooks) {
    this.#deps = deps
    this.#hooks = hooks
    this.#loop = new Loop(deps, every, (signal) => this.#round(signal))
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { network, signer, log } = this.#deps
    const others = [...network.witnesses].filter((witness) => witness !== signer.id)
    await Promise.all(
      others.map(async (witness) => {
        try {
          if (await this.#follow(witness, signal)) this.#heard.add(witness)
        } catch (error) {
          if (!isClawError(error)) throw error
          log.debug('a witness does not tell what it knows', { witness, reason: error.message })
        }
      }),
    )
    // With itself, a quorum.
    if (this.#heard.size >= network.quorum - 1) await this.#hooks.heardEnough()
  }

  /** Whether all that it told is known now. */
  async #follow(witness: NodeId, signal: AbortSignal): Promise<boolean> {
    const { rpc } = this.#deps
    for (let page = 0; page < mostPages; page += 1) {
      signal.throwIfAborted()
      const place = this.#places.get(witness) ?? { epoch: '', after: 0 }
      const { epoch, after, heads, isAll } = await rpc.call(witness, readHeads, place, signal)
      for (const { account, sequence } of heads)
        if (sequence > (await this.#hooks.sequenceOf(account))) await this.#fetch(witness, account, signal)
      this.#places.set(witness, { epoch, after })
      if (isAll) return true
      // Whoever does not come on has nothing to say.
      if (epoch === place.epoch && after <= place.after) return false
    }
    return false
  }

  /** Takes what it has of an account, as far as it is true. */
  async #fetch(witness: NodeId, account: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const from = (await this.#hooks.sequenceOf(account)) + 1
      const { lines } = await this.#deps.rpc.call(witness, readLines, { account, which: 'sent', from }, signal)
      const own = lines.filter(({ order }) => order.spend.account === account)
      if (own.length === 0) return
      const { settled, refusal } = await this.#hooks.settle(own)
      if (refusal !== null || settled === 0) return
    }
  }
}
