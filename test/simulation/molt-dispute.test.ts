/** A dispute between two parties and two arbiters, with real accounts and witnesses in virtual time. */
import { beforeEach, expect, test } from 'vitest'
import { type Agreement, agreementId, holdAccount } from '../../src/core/molt/agreement.ts'
import { claimableAt } from '../../src/core/molt/closing.ts'
import { stateOf } from '../../src/core/records/dispute.ts'
import { partiesOf, signParties } from '../../src/core/records/parties.ts'
import { type NodeId, nodeId } from '../../src/model/ids.ts'
import { hour, minute, second } from '../../src/model/time.ts'
import { silent } from '../../src/ports/log.ts'
import { DeedBook } from '../../src/services/molt/deeds/deed-book.ts'
import { RecordSayer } from '../../src/services/molt/deeds/record-sayer.ts'
import { DisputeService } from '../../src/services/molt/disputes/dispute-service.ts'
import type { RecordRead } from '../../src/services/records/types.ts'
import { simSigner, simVerifier } from '../../src/simulation/signer.ts'
import { exchangeDispute } from '../../src/wire/molt-dispute.ts'
import { balancesAt, buyer, mint, MoltLab, never, provider, witnessNames } from '../support/molt/lab.ts'

const judges = ['judge', 'jury'].map(nodeId) as [NodeId, NodeId]
const [judge, jury] = judges
const nothing: RecordRead = { found: null, value: null, sources: [], freshness: null, confirmedByIssuer: false }

class Court {
  readonly lab = new MoltLab({ claimTime: 2 * hour })
  readonly services = new Map<NodeId, DisputeService>()
  readonly said: string[] = []
  readonly agreement: Agreement

  constructor() {
    const startsAt = this.lab.world.now()
    const times = { startsAt, endsAt: startsAt + 10 * minute, disputeWindow: 30 * minute }
    this.agreement = this.lab.agreed({ ...times, arbiters: judges })
  }

  async start(): Promise<void> {
    for (const who of [buyer, provider, judge, jury]) this.lab.companions.set(who, (home) => this.#serve(who, home))
    const [issuer] = await this.lab.start(mint, buyer, provider, judge, jury)
    const outputs = [{ to: buyer, amount: 50_000n }]
    await this.lab.play(issuer?.pay({ outputs, purpose: 'begin' }, never) ?? Promise.reject(new Error('no mint')))
    await this.lab.world.runFor(10 * second)
  }

  async fund(): Promise<void> {
    await this.lab.play(this.lab.insist(buyer, (bank) => bank.openHold(this.agreement, never)))
  }

  open(by: NodeId) {
    return this.lab.play(this.of(by).open(this.agreement, 'it computed nothing', never))
  }

  rule(by: NodeId, paid: bigint) {
    const [dispute] = this.of(by).all()
    if (dispute === undefined) throw new Error(`${by} knows of none`)
    return this.lab.play(this.of(by).rule(dispute, paid))
  }

  of(who: NodeId): DisputeService {
    const service = this.services.get(who)
    if (service === undefined) throw new Error(`${who} is down`)
    return service
  }

  states(): readonly string[] {
    return [buyer, provider, judge, jury].map((who) => this.of(who).all().map(stateOf).join())
  }

  balances(): Promise<readonly bigint[]> {
    const accounts = [mint, buyer, provider, 'house', holdAccount(this.agreement)]
    return balancesAt(this.lab, witnessNames[0] ?? mint, accounts)
  }

  async #serve(who: NodeId, { host, disk, bank }: Parameters<Parameters<MoltLab['companions']['set']>[1]>[0]) {
    const { lab } = this
    const deeds = new DeedBook({ disk, clock: host.clock })
    await deeds.start()
    const parties = partiesOf(this.agreement)
    const by = (one: NodeId): string => signParties(simSigner(one), lab.network.id, parties)
    await deeds.keep(this.agreement, { parties, byBuyer: by(buyer), byProvider: by(provider) })
    const records = {
      read: () => Promise.resolve(nothing),
      publish: ({ namespace }: { readonly namespace: string }) => {
        this.said.push(`${who} ${namespace}`)
        return Promise.resolve({ sequence: 1n, stored: [], isEnough: false })
      },
    }
    const shared = {
      network: lab.network,
      signer: simSigner(who),
      verifier: simVerifier,
      rpc: host.rpc,
      bank,
      deeds,
      disk,
    }
    const service = new DisputeService({
      ...{ ...shared, clock: host.clock, random: lab.world, log: silent },
      trades: { said: () => ({ notes: [], vouchers: [] }), dispute: () => Promise.resolve() },
      sayer: new RecordSayer({ records, clock: host.clock, log: silent }),
    })
    await service.start()
    this.services.set(who, service)
  }
}

let court: Court
beforeEach(async () => {
  court = new Court()
  await court.start()
})

test('given a dispute, when all arbiters have signed one sum, then it is closed at that for all, and every µMOLT is where it belongs', async () => {
  await court.fund()
  await court.open(buyer)
  await court.lab.world.runFor(2 * second)
  expect(court.states()).toEqual(['open', 'open', 'open', 'open'])
  await court.rule(judge, 4_000n)
  await court.rule(jury, 5_000n)
  await court.lab.world.runFor(2 * minute)
  expect(court.states()).toEqual(['open', 'open', 'open', 'open'])

  await court.rule(jury, 4_000n)
  await court.lab.world.runFor(2 * minute)

  expect(court.states()).toEqual(['closed', 'closed', 'closed', 'closed'])
  expect(court.of(buyer).all()[0]?.end?.outcome).toEqual({ how: 'judged', paid: 4_000n })
  expect(await court.balances()).toEqual([-50_000n, 46_000n, 3_900n, 100n, 0n])
  expect(court.said).toContain('buyer claw-disp')
  expect(court.lab.net.bugs).toEqual([])
}, 30_000)

test('given an arbiter that has changed its mind, when a party tells its old ruling again, then the new one stays, with the arbiter too', async () => {
  await court.fund()
  await court.open(buyer)
  await court.lab.world.runFor(2 * second)
  await court.rule(judge, 4_000n)
  await court.lab.world.runFor(2 * minute)
  const old = [...(court.of(provider).all()[0]?.rulings ?? [])]
  expect(old).toMatchObject([{ arbiter: judge, paid: 4_000n }])
  await court.rule(judge, 5_000n)
  await court.lab.world.runFor(2 * minute)

  const { rpc } = court.lab.net.host(provider)
  const again = { agreement: agreementId(court.agreement), evidence: null, rulings: old }
  for (const to of [judge, jury, buyer])
    expect(await court.lab.play(rpc.call(to, exchangeDispute, again, never))).toMatchObject({
      ...{ type: 'known', rulings: [{ arbiter: judge, paid: 5_000n }] },
    })
  await court.lab.world.runFor(2 * minute)
  for (const who of [buyer, provider, judge, jury])
    expect(court.of(who).all()[0]?.rulings).toMatchObject([{ arbiter: judge, paid: 5_000n }])
}, 30_000)

test('given an arbiter whose power goes right after it has signed, and a party that nobody reaches, then the verdict gets through', async () => {
  await court.fund()
  await court.open(provider)
  await court.lab.world.runFor(2 * second)
  court.lab.net.partition([buyer], [judge, jury, provider])
  await court.rule(judge, 0n)
  court.lab.crash(judge)
  court.lab.world.after(
    second,
    () => void court.lab.startBank(judge).catch((error: unknown) => court.lab.net.bugs.push(error)),
  )
  await court.lab.world.runFor(30 * second)
  await court.rule(jury, 0n)
  await court.lab.world.runFor(5 * minute)
  expect(court.lab.net.bugs).toEqual([])
  expect(await court.balances()).toEqual([-50_000n, 50_000n, 0n, 0n, 0n])
  expect(court.states()).toEqual(['closed', 'closed', 'closed', 'closed'])
}, 30_000)

test('given arbiters that say nothing, when their time is over, then the provider claims what was promised, and the dispute ends with that', async () => {
  await court.fund()
  await court.open(buyer)
  const { lab, agreement } = court
  const claimNow = async () => {
    const closing = lab.claimed(agreement, 2_000n)
    await lab.banks.get(provider)?.close(agreement, closing, { signal: never })
  }
  const from = claimableAt(agreement.terms, lab.network)
  await expect(lab.play(claimNow())).rejects.toMatchObject({ facts: { reason: 'too-early' } })
  await lab.world.runFor(from - lab.world.now())
  await lab.play(claimNow(), 600_000)
  await lab.world.runFor(3 * minute)
  expect(await court.balances()).toEqual([-50_000n, 48_000n, 1_950n, 50n, 0n])
  expect(court.states()).toEqual(['closed', 'closed', 'closed', 'closed'])
}, 30_000)

test('given an agreement for which nothing is set aside, or that is closed, or whose time is over, then nobody disputes it', async () => {
  await expect(court.open(buyer)).rejects.toMatchObject({ code: 'DISPUTE_REFUSED' })
  await court.fund()
  await court.lab.world.runFor(41 * minute)
  await expect(court.open(buyer)).rejects.toMatchObject({ code: 'DISPUTE_REFUSED' })
}, 30_000)

test('given somebody whom it does not concern, then he hears of no dispute, opens none in the name of others, and judges none', async () => {
  await court.fund()
  await court.open(buyer)
  await court.lab.world.runFor(2 * second)
  const id = agreementId(court.agreement)
  const evidence = court.of(judge).evidence(id, buyer)
  const { rpc } = court.lab.net.host(nodeId('eve'))
  await court.lab.world.runFor(second)
  const ask = (to: NodeId, asked: Parameters<typeof rpc.call>[2]) =>
    court.lab.play(rpc.call(to, exchangeDispute, asked as never, never))
  expect(await ask(judge, { agreement: id, evidence: null, rulings: [] })).toEqual({
    type: 'refused',
    reason: 'unknown',
  })
  expect(await ask(judge, { agreement: 'f'.repeat(64), evidence, rulings: [] })).toMatchObject({ reason: 'evidence' })
  await expect(court.rule(buyer, 5n)).rejects.toMatchObject({ code: 'DISPUTE_REFUSED' })
}, 30_000)
