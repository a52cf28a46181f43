/** Two owners who know nothing of each other, on one machine: one lends with the lab's engine, the other buys. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeId } from '../../../src/model/ids.ts'
import { DockerMesh } from '../docker-mesh.ts'
import { type Daemon, freePort, Mesh } from '../mesh.ts'
import { Registry } from '../registry.ts'
import { joinNetwork, lend, marketAt, partyOf, reachesWitness } from './market-network.ts'

export interface PairSetup {
  /** Further arguments of the buyer's daemon. */
  readonly buyer?: readonly string[]
  /** What the buyer gets of each payment as the house; nothing if left out. */
  readonly feeBps?: number
}

export class MarketPair {
  readonly folder = mkdtempSync(join(tmpdir(), 'claw-molt-pair-'))
  readonly registry: Registry
  readonly #lenders = new DockerMesh()
  readonly #buyers = new Mesh()
  #provider: NodeId | null = null

  private constructor(registry: Registry) {
    this.registry = registry
  }

  /** Both are up and in one network, of which the lender is the witness. Nobody takes part yet. */
  static async up(setup: PairSetup = {}): Promise<MarketPair> {
    const pair = new MarketPair(await Registry.start())
    try {
      await pair.#start(setup)
    } catch (error) {
      await pair.down()
      throw error
    }
    return pair
  }

  get lender(): Daemon {
    return this.#lenders.get(0)
  }

  get buyer(): Daemon {
    return this.#buyers.get(0)
  }

  /** What the lender is in the market. */
  get provider(): NodeId {
    if (this.#provider === null) throw new Error('the lender is not up')
    return this.#provider
  }

  /** One lends at those terms, and the other is ready to pay. */
  async join(terms: string): Promise<void> {
    await lend(this.lender, this.folder, terms)
    await this.buyer.json('molt', 'join', '--buy-only')
    await reachesWitness(this.buyer)
  }

  async down(): Promise<void> {
    await Promise.all([this.#lenders.stop(), this.#buyers.stop()])
    await this.registry.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #start({ buyer: extra = [], feeBps: bps }: PairSetup): Promise<void> {
    const port = await freePort()
    const lender = await this.#lenders.addDocker('lender', marketAt(port))
    const buyer = await this.#buyers.add('buyer', { gpus: '', extra, environment: marketAt(await freePort()) })
    const [party, issuer] = [await partyOf(lender), await partyOf(buyer)]
    const fee = bps === undefined ? {} : { fee: { bps, to: issuer } }
    await joinNetwork({ folder: this.folder, witness: { party, port }, issuer, ...fee }, [lender, buyer])
    this.#provider = party
  }
}
