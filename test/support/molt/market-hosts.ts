/**
 * Three owners who know nothing of each other, each on a lab host of its own: one mesh lends, one buys from behind a router, and one has
 * the witnesses, which are the only addresses that the others are told. Members of a mesh talk over their host's own loopback.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { connectEngine } from '../../../src/adapters/docker/engine.ts'
import { DockerMesh } from '../docker-mesh.ts'
import { labDocker, labImage } from '../lab-docker.ts'
import { LabHosts } from '../lab-hosts.ts'
import { type Daemon, eventually, Mesh } from '../mesh.ts'
import { Registry } from '../registry.ts'
import { LedgerAudit } from './ledger-audit.ts'

const [lending, buying, witnessing] = [1, 2, 3]
const firstPort = 4_711
const issued = 1_000_000n

/** What the market of the lab charges, as its lending policy and its genesis say it. */
export const terms = {
  /** µMOLT for a second of one GPU: 36 MOLT an hour. */
  rate: 10_000n,
  feeBps: 250n,
  interval: 2_000,
  /** The buyer was given so many MOLT. */
  given: 1_000n,
} as const

const policy = (registry: string): string => `
prices: { '*': 36 MOLT }
interval: ${terms.interval}ms
reclaim: 2s
shortest: 1s
images: { allowed: ['${registry}/*'] }
`

interface Status {
  readonly party: string | null
  readonly witnesses: { readonly isEnough: boolean; readonly reachable: number }
}
interface Lent {
  readonly lending: { readonly offered: number } | null
}
interface Rate {
  readonly free: number
}
interface Network {
  readonly id: string
}

export class MarketHosts {
  readonly lenders = new DockerMesh()
  readonly buyers = new Mesh()
  readonly witnesses = new Mesh()
  readonly hosts: LabHosts
  readonly registry: Registry
  readonly #folder = mkdtempSync(join(tmpdir(), 'claw-market-'))
  #parties = { lender: '', buyer: '', issuer: '', feeTo: '' }
  #image = ''
  #network = ''

  private constructor(hosts: LabHosts, registry: Registry) {
    this.hosts = hosts
    this.registry = registry
  }

  /** All up and connected, nobody takes part yet. */
  static async up(): Promise<MarketHosts> {
    const market = new MarketHosts(await LabHosts.up(3), await Registry.start())
    try {
      await market.hosts.behindNat(buying)
      await market.#publish()
      await Promise.all([market.#startLenders(), market.#startBuyers(), market.#startWitnesses()])
      await market.#found()
    } catch (error) {
      await market.down()
      throw error
    }
    return market
  }

  get lender(): Daemon {
    return this.lenders.get(0)
  }

  get buyer(): Daemon {
    return this.buyers.get(0)
  }

  /** Of the one who has brought all credit into the network. */
  get issuer(): Daemon {
    return this.witnesses.get(0)
  }

  /** Accounts by what they are for. */
  get parties(): Readonly<Record<'lender' | 'buyer' | 'issuer' | 'feeTo', string>> {
    return this.#parties
  }

  /** Of what is run, with its digest. */
  get image(): string {
    return this.#image
  }

  /** The journal of that name of a daemon of the market. */
  journal({ dataDir }: Daemon, name: string): string {
    return join(dataDir, 'state', `${this.#network}-${name}`)
  }

  audit(): LedgerAudit {
    const { issuer, feeTo } = this.#parties
    const rules = { issuer, limit: issued * 1_000_000n, feeBps: terms.feeBps, feeTo }
    return new LedgerAudit(
      rules,
      this.witnesses.daemons.map((daemon) => this.journal(daemon, 'molt-witness')),
    )
  }

  /** The buyer is given credit, and the others take part as their owners would have them. */
  async join(): Promise<void> {
    const { lender, buyer, issuer } = this
    await issuer.json('molt', 'join', '--buy-only')
    await lender.json('molt', 'policy', 'set', join(this.#folder, 'lending.yaml'))
    await lender.json('molt', 'join', '--mode', 'moderate')
    await buyer.json('molt', 'join', '--buy-only')
    await buyer.json('molt', 'config', 'set', '--max-spend-per-hour', '500', '--max-spend-per-day', '500')
    for (const one of [issuer, lender, buyer]) await reaches(one, this.witnesses.daemons.length)
    await issuer.json('molt', 'transfer', this.#parties.buyer, String(terms.given), '--key', 'credit', '--yes')
    await this.lent()
  }

  /**
   * Waits until something is lent, and the buyer knows of it: after a guest, its GPU is looked at before it is lent again, and an offer of
   * before may be all that the buyer knows.
   */
  async lent(): Promise<void> {
    await eventually(
      'something is lent',
      60_000,
      () => this.lender.json<Lent>('molt', 'status'),
      ({ lending }) => (lending?.offered ?? 0) > 0,
    )
    await eventually(
      'the buyer knows of it',
      60_000,
      () => this.buyer.json<readonly Rate[]>('molt', 'market'),
      (rates) => rates.some(({ free }) => free > 0),
    )
  }

  async down(): Promise<void> {
    await Promise.all([this.lenders.stop(), this.buyers.stop(), this.witnesses.stop()])
    await Promise.all([this.registry.stop(), this.hosts.down()])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #publish(): Promise<void> {
    const archive = await connectEngine(labDocker ?? '')
      .getImage(labImage)
      .get()
    const { host } = this.registry
    this.#image = `${host}/claw/guest@${await this.registry.publish('claw/guest', '1', Readable.from(archive))}`
    writeFileSync(join(this.#folder, 'lending.yaml'), policy(host))
  }

  async #startLenders(): Promise<void> {
    const prefix = this.hosts.on(lending)
    await this.lenders.addDocker('lender-1', reachableAt(this.hosts.addressOf(lending), firstPort), prefix)
    for (const [number, name] of ['lender-2', 'lender-3'].entries()) {
      const environment = reachableAt(this.hosts.addressOf(lending), firstPort + 1 + number)
      await this.lenders.add(name, { gpus: '', prefix, environment })
    }
    await this.lenders.voters(3)
  }

  async #startBuyers(): Promise<void> {
    const environment = { CLAWNODE_MOLT_LISTEN: `/ip4/0.0.0.0/tcp/${firstPort}` }
    await this.buyers.add('buyer-1', { gpus: '', prefix: this.hosts.on(buying), environment })
  }

  async #startWitnesses(): Promise<void> {
    const prefix = this.hosts.on(witnessing)
    for (const number of [0, 1, 2, 3]) {
      const environment = reachableAt(this.hosts.addressOf(witnessing), firstPort + number)
      await this.witnesses.add(`witness-${number + 1}`, { gpus: '', prefix, environment })
    }
    await this.witnesses.voters(3)
  }

  /** The genesis is written by hand: what networks have that are made by a command waits a day before anything is taken back. */
  async #found(): Promise<void> {
    await this.issuer.json('molt', 'network', 'create')
    const witnesses = await Promise.all(this.witnesses.daemons.map((daemon) => keyOf(daemon)))
    await this.issuer.json('molt', 'network', 'leave', '--yes')
    const [issuer = '', feeTo = ''] = witnesses
    const [lender, buyer] = [await partyOf(this.lender), await partyOf(this.buyer)]
    this.#parties = { lender, buyer, issuer, feeTo }
    const genesis = {
      ...{ name: 'lab', witnesses, faulty: 1, feeBps: Number(terms.feeBps), feeTo, claimTime: 60_000 },
      ...{ createdAt: 1, issuers: [{ account: issuer, limit: String(issued * 1_000_000n) }] },
    }
    const at = this.hosts.addressOf(witnessing)
    const bootstrap = witnesses.map((party, number) => `/ip4/${at}/tcp/${firstPort + number}/p2p/${party}`)
    const file = join(this.#folder, 'lab.json')
    writeFileSync(file, JSON.stringify({ format: 'clawbernetes molt network 1', genesis, bootstrap }))
    for (const one of [this.issuer, this.lender, this.buyer]) await one.json('molt', 'network', 'join', file)
    await eventually(
      'the witnesses reach each other',
      30_000,
      () => this.issuer.json<Status>('molt', 'status'),
      isComplete(4),
    )
    const { id } = await this.issuer.json<Network>('molt', 'network', 'info')
    this.#network = `net-${id.replace(/^molt-/, '').slice(0, 8)}`
  }
}

const reachableAt = (address: string, port: number) => ({ CLAWNODE_MOLT_LISTEN: `/ip4/${address}/tcp/${port}` })

const isComplete =
  (all: number) =>
  ({ witnesses }: Status): boolean =>
    witnesses.reachable === all

/** Until that node reaches so many witnesses. */
export const reaches = (daemon: Daemon, witnesses: number): Promise<Status> =>
  eventually(
    `${daemon.name} reaches ${witnesses} witnesses`,
    60_000,
    () => daemon.json<Status>('molt', 'status'),
    isComplete(witnesses),
  )

/** In a network of its own, of which nothing is left. */
async function partyOf(daemon: Daemon): Promise<string> {
  await daemon.json('molt', 'network', 'create')
  const party = await keyOf(daemon)
  await daemon.json('molt', 'network', 'leave', '--yes')
  return party
}

/** A key of the market is made by taking part once. */
async function keyOf(daemon: Daemon): Promise<string> {
  await daemon.json('molt', 'join', '--buy-only')
  const { party } = await daemon.json<Status>('molt', 'status')
  await daemon.json('molt', 'leave')
  if (party === null) throw new Error(`${daemon.name} has no key`)
  return party
}
