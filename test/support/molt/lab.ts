/** A MOLT network in virtual time: real witnesses and banks on simulated hosts and disks, under names that are their keys. */
import type { Agreement, Terms } from '../../../src/core/molt/agreement.ts'
import { agreementId } from '../../../src/core/molt/agreement.ts'
import type { Closing, SignedVoucher } from '../../../src/core/molt/closing.ts'
import { closingText } from '../../../src/core/molt/closing.ts'
import type { Genesis, Network } from '../../../src/core/molt/network.ts'
import { networkOf } from '../../../src/core/molt/network.ts'
import { type Kind, sign } from '../../../src/core/molt/signing.ts'
import { isClawError } from '../../../src/model/failure.ts'
import type { MicroMolt } from '../../../src/model/amount.ts'
import { type NodeId, nodeId } from '../../../src/model/ids.ts'
import { hour, type Millis, second } from '../../../src/model/time.ts'
import type { Disk } from '../../../src/ports/journal.ts'
import { silent } from '../../../src/ports/log.ts'
import { Bank } from '../../../src/services/molt/bank.ts'
import { usualWitness, Witness, type WitnessSettings } from '../../../src/services/molt/witness.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import { type SimHost, simNetwork, type SimNetwork } from '../../../src/simulation/network.ts'
import { readAccount } from '../../../src/wire/molt-witness.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import { World } from '../../../src/simulation/world.ts'

const noMetrics = { count() {}, gauge() {}, observe() {} }
export const [mint, buyer, provider] = ['mint', 'buyer', 'provider'].map(nodeId) as [NodeId, NodeId, NodeId]
export const witnessNames = ['w0', 'w1', 'w2', 'w3'].map(nodeId)

export interface LabSettings {
  readonly seed?: number
  readonly witnesses?: readonly NodeId[]
  readonly faulty?: number
  readonly witness?: Partial<WitnessSettings>
  readonly claimTime?: Millis
  /** So much credit the mint brings in. */
  readonly issued?: MicroMolt
  /** In the usual networks it is a thousand times as much, which makes stories longer. */
  readonly leastPayment?: MicroMolt
}

export interface CompanionHome {
  readonly host: SimHost
  /** Of this life: it never answers once the node is dead. */
  readonly disk: Disk
  readonly bank: Bank
}

/** At which write of a node the power goes: before it has begun, or when it is on the disk and nobody knows yet. */
export interface Cut {
  readonly write: number
  readonly when: 'before' | 'after'
}

/** What a dead node gets. */
const silence = new Promise<never>(() => {})

class LifeOfNode {
  isOver = false
  readonly #ended = Promise.withResolvers<void>()

  get ended(): Promise<void> {
    return this.#ended.promise
  }

  end(): void {
    this.isOver = true
    this.#ended.resolve()
  }
}

/** Null when it has failed as expected failures do. */
async function attempt<T>(work: Promise<T>): Promise<{ readonly value: T } | null> {
  try {
    return { value: await work }
  } catch (error) {
    if (isClawError(error)) return null
    throw error
  }
}

export class MoltLab {
  readonly world: World
  readonly net: SimNetwork
  readonly network: Network
  readonly disks = new Map<NodeId, SimDisk>()
  readonly witnesses = new Map<NodeId, Witness>()
  readonly banks = new Map<NodeId, Bank>()
  /** What else a node runs beside its bank, in each of its lives. */
  readonly companions = new Map<NodeId, (home: CompanionHome) => Promise<void>>()
  readonly #settings: WitnessSettings
  readonly #leastPayment: MicroMolt
  readonly #lives = new Map<NodeId, LifeOfNode>()
  readonly #cuts = new Map<NodeId, Cut & { left: number }>()

  constructor({
    seed = 1,
    witnesses = witnessNames,
    faulty = 1,
    witness = {},
    claimTime = 24 * hour,
    issued = 1_000_000n,
    leastPayment = 1n,
  }: LabSettings = {}) {
    this.world = new World(seed)
    this.net = simNetwork(this.world)
    this.#settings = { ...usualWitness, limits: { ...usualWitness.limits, leastPayment }, ...witness }
    this.#leastPayment = leastPayment
    const genesis: Genesis = {
      ...{ name: 'lab', witnesses: [...witnesses], faulty, issuers: [{ account: mint, limit: issued }] },
      ...{ feeBps: 250, feeTo: nodeId('house'), claimTime, createdAt: 0 },
    }
    this.network = networkOf(genesis)
  }

  disk(id: NodeId): SimDisk {
    const known = this.disks.get(id)
    if (known !== undefined) return known
    const disk = new SimDisk({ random: this.world, clock: this.world, latency: 1 })
    this.disks.set(id, disk)
    return disk
  }

  /** Plays until it is done. Throws what it throws. */
  async play<T>(work: Promise<T>, limit = 120 * second): Promise<T> {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    done.catch(() => 'the caller hears of it')
    await this.world.runUntil(() => isDone, limit)
    return done
  }

  async startWitness(id: NodeId): Promise<void> {
    const { clock, rpc } = this.net.host(id)
    const witness = new Witness(
      {
        ...{ network: this.network, signer: simSigner(id), verifier: simVerifier, rpc, clock, random: this.world },
        ...{ disk: this.#mortalDisk(id), log: silent, metrics: noMetrics },
      },
      this.#settings,
    )
    this.witnesses.set(id, witness)
    await witness.start()
  }

  async startBank(id: NodeId): Promise<Bank> {
    const host = this.net.host(id)
    const { clock, rpc } = host
    const disk = this.#mortalDisk(id)
    const bank = new Bank({
      ...{ network: this.network, signer: simSigner(id), verifier: simVerifier, rpc, clock, random: this.world },
      ...{ disk, log: silent, leastPayment: this.#leastPayment },
    })
    this.banks.set(id, bank)
    await bank.start()
    await this.companions.get(id)?.({ host, disk, bank })
    return bank
  }

  /** All witnesses, and as many banks, up and known to each other. */
  async start(...accounts: readonly NodeId[]): Promise<readonly Bank[]> {
    for (const id of this.network.witnesses) await this.play(this.startWitness(id))
    const banks: Bank[] = []
    for (const id of accounts) banks.push(await this.play(this.startBank(id)))
    await this.world.runFor(8 * second)
    return banks
  }

  /** The power goes: what was not flushed is gone, and nothing of this life goes on. */
  crash(id: NodeId): void {
    this.#lives.get(id)?.end()
    this.net.crash(id)
    this.disk(id).crash()
    this.witnesses.delete(id)
    this.banks.delete(id)
  }

  /** The power goes at one write of this node, and comes back after a second. */
  crashAt(id: NodeId, cut: Cut): void {
    this.#cuts.set(id, { ...cut, left: cut.write })
  }

  /** Whether the cut has happened. */
  hasCrashed(id: NodeId): boolean {
    return this.#cuts.get(id)?.left === -1
  }

  /** Does it with the account's bank, again with each of its lives, until it is done. */
  async insist<T>(id: NodeId, work: (bank: Bank) => Promise<T>): Promise<T> {
    for (;;) {
      const bank = this.banks.get(id)
      const life = this.#lives.get(id)
      if (bank !== undefined && life !== undefined) {
        const end = await Promise.race([attempt(work(bank)), life.ended.then(() => null)])
        if (end !== null) return end.value
      }
      await new Promise<void>((resolve) => void this.world.after(500, resolve))
    }
  }

  /** What this life of a node has instead of a disk: it never answers once the node is dead. */
  #mortalDisk(id: NodeId): Disk {
    const disk = this.disk(id)
    const life = new LifeOfNode()
    this.#lives.set(id, life)
    const write = async <T>(work: () => Promise<T>): Promise<T> => {
      if (life.isOver) return silence
      const cut = this.#cuts.get(id)
      if (cut !== undefined && cut.left >= 0) {
        cut.left -= 1
        if (cut.left === -1) {
          if (cut.when === 'after') await work()
          const restart = this.banks.has(id) ? () => this.startBank(id) : () => this.startWitness(id)
          this.crash(id)
          this.world.after(1_000, () => void restart().catch((error: unknown) => this.net.bugs.push(error)))
          return silence
        }
      }
      const value = await work()
      return life.isOver ? silence : value
    }
    return {
      readBlob: (name) => (life.isOver ? silence : disk.readBlob(name)),
      writeBlob: (name, bytes) => write(() => disk.writeBlob(name, bytes)),
      streamBlob: (name, parts, head) => write(() => disk.streamBlob(name, parts, head)),
      removeBlob: (name) => write(() => disk.removeBlob(name)),
      openJournal: async (name) => {
        const journal = await (life.isOver ? silence : disk.openJournal(name))
        return {
          records: journal.records,
          append: (records) => write(() => journal.append(records)),
          rewrite: (records) => write(() => journal.rewrite(records)),
          close: () => (life.isOver ? silence : journal.close()),
        }
      },
    }
  }

  signed(name: string, kind: Kind, value: unknown): string {
    return sign(simSigner(nodeId(name)), { kind, network: this.network.id, value })
  }

  agreed(parts: Partial<Terms> = {}): Agreement {
    const terms: Terms = {
      ...{ network: this.network.id, buyer, provider, nonce: '0'.repeat(32) },
      ...{ gpus: 2, model: 'NVIDIA H100 80GB HBM3', rate: 10n, hold: 10_000n, credit: 600n },
      ...{ interval: 30 * second, reclaim: 60 * second, startsAt: 0, endsAt: 500 * second },
      ...{ arbiters: [], image: `sha256:${'a'.repeat(64)}`, isolation: 'gvisor' as const },
      ...parts,
    }
    const byBuyer = this.signed(terms.buyer, 'agreement', terms)
    return { terms, byBuyer, byProvider: this.signed(terms.provider, 'agreement', terms) }
  }

  voucherFor(agreement: Agreement, due: MicroMolt): SignedVoucher {
    const voucher = { agreement: agreementId(agreement), due, note: 'b'.repeat(64) }
    return { voucher, signature: this.signed(agreement.terms.buyer, 'voucher', voucher) }
  }

  claimed(agreement: Agreement, due: MicroMolt): Closing {
    const text = closingText(agreementId(agreement), 'claimed', due)
    return {
      ...{ how: 'claimed', voucher: this.voucherFor(agreement, due) },
      byProvider: this.signed(agreement.terms.provider, 'closing', text),
    }
  }

  takenBack(agreement: Agreement): Closing {
    const text = closingText(agreementId(agreement), 'taken-back', 0n)
    return { how: 'taken-back', voucher: null, byBuyer: this.signed(agreement.terms.buyer, 'closing', text) }
  }
}

export const never = new AbortController().signal

export const payment = (to: string, amount: bigint, purpose: string) => ({ outputs: [{ to, amount }], purpose })

/** Balances of all accounts as one witness has them. */
export async function balancesAt(
  lab: MoltLab,
  witness: NodeId,
  accounts: readonly string[],
): Promise<readonly bigint[]> {
  const { rpc } = lab.net.host(nodeId('auditor'))
  await lab.world.runFor(second)
  const answers = await lab.play(
    Promise.all(accounts.map((account) => rpc.call(witness, readAccount, { account }, never))),
  )
  return answers.map(({ balance }) => balance)
}
