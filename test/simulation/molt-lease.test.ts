/** Whole leases between strangers in virtual time, with real accounts and witnesses: honest ones, cheats, and power cuts. */
import { describe, expect, test } from 'vitest'
import { type Agreement, agreementId, holdAccount } from '../../src/core/molt/agreement.ts'
import { costOf, oneMolt } from '../../src/model/amount.ts'
import { nodeId } from '../../src/model/ids.ts'
import { minute, second } from '../../src/model/time.ts'
import { buyer, mint, never, provider, witnessNames } from '../support/molt/lab.ts'
import { LendingLab, type LendingSettings } from '../support/molt/lending-lab.ts'
import { askBid, startWork } from '../../src/wire/molt-lease.ts'
import { ScriptedBuyer, someWork } from '../support/molt/scripted-buyer.ts'

const other = nodeId('other')

async function opened(settings: LendingSettings = {}) {
  const lab = new LendingLab({ witnesses: witnessNames.slice(0, 1), faulty: 0, ...settings })
  const [issuer] = await lab.start(mint, buyer, other, provider)
  if (issuer === undefined) throw new Error('it is not up')
  for (const to of [buyer, other])
    await lab.play(issuer.pay({ outputs: [{ to, amount: oneMolt / 2n }], purpose: `for ${to}` }, never))
  await lab.world.runFor(10 * second)
  return { lab, one: new ScriptedBuyer(lab.buyerWorld(buyer)), two: new ScriptedBuyer(lab.buyerWorld(other)) }
}

/** What all accounts have together: what was issued is owed by the issuer. */
async function sum(lab: LendingLab, agreements: readonly Agreement[]): Promise<bigint> {
  await lab.world.runFor(15 * second)
  const accounts = [mint, buyer, other, provider, nodeId('house'), ...agreements.map(holdAccount)]
  let all = 0n
  for (const account of accounts) all += (await lab.play(lab.insist(mint, (bank) => bank.read(account, never)))).balance
  return all
}

/** What the owner's GPUs were used for without being paid. */
function lost(lab: LendingLab, agreement: Agreement, paid: bigint): bigint {
  const used = costOf(agreement.terms.rate, lab.gpuMillis(agreementId(agreement)))
  return used > paid ? used - paid : 0n
}

/** A guest runs a little longer than it may: orders take their time. */
const slack = ({ terms }: Agreement, ms: number): bigint => costOf(terms.rate, BigInt(terms.gpus) * BigInt(ms))

async function settled(lab: LendingLab, within = 10 * minute): Promise<void> {
  await lab.world.runUntil(() => lab.held().length === 0 && isAllClosed(lab), within)
}

const isAllClosed = (lab: LendingLab): boolean =>
  (lab.lending?.leases() ?? []).every(({ lease: { state, isStopped } }) => state === 'closed' && isStopped)

describe('a lease', () => {
  test('given a guest that ends by itself, then both close at what was used, and the GPUs are free again', async () => {
    const { lab, one } = await opened()
    lab.runsFor = 50 * second
    const agreement = await lab.play(one.rent())
    await lab.world.runFor(2 * second)
    expect([...lab.board.values()].map(({ free }) => free)).toEqual([])
    const end = await lab.play(one.follow(agreement), 20 * minute)
    await settled(lab)
    const [{ lease } = { lease: null }] = lab.lending?.leases() ?? []
    expect(lease).toMatchObject({ state: 'closed', why: 'completed', outcome: { how: 'agreed' } })
    const paid = lease?.outcome?.paid ?? 0n
    expect(paid).toBeGreaterThan(costOf(agreement.terms.rate, 2n * 49_000n))
    expect(lost(lab, agreement, paid)).toBeLessThanOrEqual(slack(agreement, 500))
    expect(end.final === null ? end.state : 'final').toMatch(/final|closed/)
    await lab.world.runFor(31 * second)
    expect([...lab.board.values()].map(({ free }) => free)).toEqual([2])
    expect(lab.lending?.history()).toMatchObject([{ agreement: agreementId(agreement), paid, why: 'completed' }])
    expect(await sum(lab, [agreement])).toBe(0n)
    expect(lab.net.bugs).toEqual([])
  })

  test('given a buyer that asks for bids without end, then it gets eight, others theirs, and more once those are over', async () => {
    const { lab, one, two } = await opened()
    const ask = (who: ScriptedBuyer) =>
      lab.play(who.world.call(provider, askBid, { want: who.want() }, never).then(({ type }) => type))
    for (let i = 0; i < 8; i += 1) expect(await ask(one)).toBe('bid')
    await expect(ask(one)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await ask(two)).toBe('bid')
    await lab.world.runFor(2 * minute)
    expect(await ask(one)).toBe('bid')
  })

  test('given GPUs on which something is left, then others are given, and where there are none the lease is refused', async () => {
    const { lab, one } = await opened({ gpus: 3 })
    lab.runsFor = 20 * second
    lab.dirty.add('GPU-0')
    const agreement = await lab.play(one.rent())
    expect(lab.lending?.leases()[0]?.lease.devices).toEqual(['GPU-1', 'GPU-2'])
    await lab.play(one.follow(agreement), 20 * minute)
    await settled(lab)
    expect(lab.left).toEqual(['GPU-1', 'GPU-2'])
    const bid = await lab.play(one.bid())
    lab.dirty.add('GPU-1')
    await expect(lab.play(one.agree(bid))).rejects.toThrow('unclean')
    expect(lab.unclean).toEqual(new Set(['GPU-0', 'GPU-1']))
    await expect(lab.play(one.bid())).rejects.toThrow('capacity')
    expect(lab.net.bugs).toEqual([])
  })

  test('given a buyer that stops to sign, then its work is held still, then ended, and what was promised is claimed', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    await lab.play(
      one.follow(agreement, ({ note }) => note !== null && note.note.sequence >= 2),
      20 * minute,
    )
    await lab.world.runUntil(() => lab.lending?.leases()[0]?.lease.state === 'paused', 5 * minute)
    const before = lab.gpuMillis(agreementId(agreement))
    await lab.world.runFor(minute)
    expect(lab.gpuMillis(agreementId(agreement)) - before).toBeLessThan(100n)
    await settled(lab, 30 * minute)
    const [{ lease } = { lease: null }] = lab.lending?.leases() ?? []
    expect(lease).toMatchObject({ state: 'closed', why: 'unvouched', outcome: { how: 'claimed' } })
    const paid = lease?.outcome?.paid ?? 0n
    expect(paid).toBeGreaterThan(0n)
    expect(lost(lab, agreement, paid)).toBeLessThanOrEqual(agreement.terms.credit + slack(agreement, 500))
    expect(await sum(lab, [agreement])).toBe(0n)
    expect(lab.net.bugs).toEqual([])
  })

  test('given a buyer that signs again after a while, then its work goes on', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    await lab.world.runUntil(() => lab.lending?.leases()[0]?.lease.state === 'paused', 5 * minute)
    const answer = await lab.play(one.follow(agreement, ({ state, note }) => state === 'running' && note === null))
    expect(answer.isRunning).toBe(true)
    await lab.world.runFor(2 * second)
    expect([...lab.guests.values()].map(({ isHeld }) => isHeld)).toEqual([false])
    expect(lab.net.bugs).toEqual([])
  })

  test('given vouchers that promise too little, are for another agreement, or are not signed, then no time is bought with them', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    let turn = 0
    one.vouch = (note) => {
      const honest = one.voucherFor(note)
      turn += 1
      if (turn % 3 === 0) return one.voucherFor(note, note.note.due / 100n)
      if (turn % 3 === 1)
        return { voucher: { ...honest.voucher, agreement: 'c'.repeat(64) }, signature: honest.signature }
      return { ...honest, signature: `${'A'.repeat(86)}==` }
    }
    lab.world.after(0, () => void one.follow(agreement).catch(() => 'it is cut off in the end'))
    await lab.world.runUntil(() => lab.lending?.leases()[0]?.lease.state === 'paused', 5 * minute)
    await settled(lab, 30 * minute)
    const [{ lease } = { lease: null }] = lab.lending?.leases() ?? []
    const paid = lease?.outcome?.paid ?? 0n
    expect(lost(lab, agreement, paid)).toBeLessThanOrEqual(agreement.terms.credit + slack(agreement, 500))
    expect(await sum(lab, [agreement])).toBe(0n)
    expect(lab.net.bugs).toEqual([])
  })

  test('given a buyer that wants no more, then its work ends at once', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    await lab.play(one.follow(agreement, ({ state }) => state === 'running'))
    await lab.play(one.talk(agreement, { cancel: true }))
    await lab.world.runUntil(() => lab.held().length === 0, 5 * second)
    await lab.play(one.follow(agreement), 20 * minute)
    await settled(lab)
    expect(lab.lending?.history()).toMatchObject([{ why: 'cancelled', how: 'agreed' }])
    expect(await sum(lab, [agreement])).toBe(0n)
  })

  test('given an owner that needs the GPUs, then the guest is told, has its time, and goes', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    await lab.play(one.follow(agreement, ({ state }) => state === 'running'))
    const [workload] = lab.lending?.leases() ?? []
    if (workload?.workload === null || workload === undefined) throw new Error('it does not run')
    lab.mesh.evict(workload.workload, agreement.terms.reclaim)
    const told = await lab.play(one.follow(agreement, ({ stopBy }) => stopBy !== null))
    expect((told.stopBy ?? 0) - lab.world.now()).toBeGreaterThan(agreement.terms.reclaim - 5 * second)
    await lab.play(one.follow(agreement), 20 * minute)
    await settled(lab)
    expect(lab.lending?.history()).toMatchObject([{ why: 'reclaimed', how: 'agreed' }])
    expect(await sum(lab, [agreement])).toBe(0n)
    expect(lab.net.bugs).toEqual([])
  })

  test('given a provider that leaves, then it offers nothing, ends what runs, and is done when all is closed', async () => {
    const { lab, one } = await opened()
    const agreement = await lab.play(one.rent())
    const end = one.follow(agreement)
    await lab.world.runFor(20 * second)
    await lab.play(lab.lending?.wind({ isNow: false }, never) ?? Promise.reject(new Error('it is not up')), 30 * minute)
    await lab.play(end, minute)
    expect([lab.board.size, lab.held()]).toEqual([0, []])
    await expect(lab.play(one.bid())).rejects.toThrow('paused')
    expect(await sum(lab, [agreement])).toBe(0n)
  })

  test('given buyers that ask for bids and take none, then the GPUs are whose who agrees first, and nothing is promised twice', async () => {
    const { lab, one, two } = await opened()
    const asked = () => lab.play(Promise.all([one.bid(), two.bid(), one.bid(), two.bid(), one.bid(), two.bid()]))
    const [mine, theirs] = await asked()
    await lab.world.runFor(31 * second)
    expect([...lab.board.values()].map(({ free }) => free)).toEqual([2])
    const agreement = await lab.play(two.agree(theirs ?? (await two.bid())))
    expect(agreement.terms.buyer).toBe(other)
    await expect(lab.play(one.agree(mine ?? (await one.bid())))).rejects.toThrow('taken')
    await expect(lab.play(one.bid())).rejects.toThrow('capacity')
  })

  test('given several who agree at once, then each has GPUs of its own, also where all bids were for the same', async () => {
    const { lab, one, two } = await opened({ gpus: 3 })
    const asked = [one, two].map((buyer) => buyer.bid(buyer.want({ gpus: 1 })))
    const [mine, theirs] = await lab.play(Promise.all(asked))
    if (mine === undefined || theirs === undefined) throw new Error('there is no bid')
    await lab.play(Promise.all([one.agree(mine), two.agree(theirs)]))
    const agreed = (lab.lending?.leases() ?? []).filter(({ lease }) => lease.state === 'agreed')
    expect(agreed.flatMap(({ lease }) => lease.devices).toSorted()).toEqual(['GPU-0', 'GPU-1'])
  })

  test('given a newcomer that agrees and does not pay, then newcomers after it get no more than half until they pay', async () => {
    const { lab, one, two } = await opened({ gpus: 4 })
    const agree = async (buyer: ScriptedBuyer, gpus: number) => buyer.agree(await buyer.bid(buyer.want({ gpus })))
    await lab.play(agree(one, 2))
    await expect(lab.play(agree(one, 1))).rejects.toThrow('taken')
    await lab.world.runFor(61 * second)
    await expect(lab.play(agree(two, 3))).rejects.toThrow('taken')
    await lab.play(agree(two, 2))
    await expect(lab.play(agree(one, 1))).rejects.toThrow('taken')
  })

  test('given a hold that is not final, or is another’s, or work of another image, then nothing is begun', async () => {
    const { lab, one, two } = await opened()
    const half = async (by: ScriptedBuyer): Promise<Agreement> => by.agree(await by.bid(by.want({ gpus: 1 })))
    const [agreement, second] = [await lab.play(half(one)), await lab.play(half(two))]
    const [hold, another] = [await lab.play(one.world.hold(agreement)), await lab.play(two.world.hold(second))]
    const started = async (parts: object): Promise<string> => {
      const asked = { agreement: agreementId(agreement), hold, work: someWork(), ...parts }
      const answer = await lab.play(one.ask(startWork, asked))
      return answer.type === 'refused' ? answer.reason : answer.type
    }
    const image = `docker.io/library/busybox@sha256:${'b'.repeat(64)}`
    expect(await started({ hold: { ...hold, votes: [] } })).toBe('hold')
    expect(await started({ hold: another })).toBe('hold')
    expect(await started({ work: someWork({ image }) })).toBe('image')
    const elsewhere = `10.0.0.1:5000/evil/miner@sha256:${'a'.repeat(64)}`
    expect(await started({ work: someWork({ image: elsewhere }) })).toBe('image')
    expect(lab.held()).toEqual([])
    expect(await started({})).toBe('accepted')
    expect(await started({})).toBe('accepted')
    expect(await started({ work: someWork({ command: ['other'] }) })).toBe('started')
  })

  test('given somebody else, then the agreement does not exist for him', async () => {
    const { lab, one, two } = await opened()
    const agreement = await lab.play(one.rent())
    await expect(lab.play(two.talk(agreement))).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' })
    await expect(lab.play(two.talk(agreement, { cancel: true }))).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' })
    expect(lab.lending?.leases()[0]?.lease.why).toBeNull()
  })
})

describe('a provider that loses power', () => {
  test('given a state that is older than its guest when it is back, then the lease goes on, and only what is known is acted on', async () => {
    const { lab, one } = await opened()
    lab.staleFor = 20 * second
    const agreement = await lab.play(one.rent())
    await lab.play(one.follow(agreement, ({ state }) => state === 'running'))
    lab.crash(provider)
    await lab.world.runFor(second)
    await lab.play(lab.startBank(provider))
    lab.world.after(0, () => void one.follow(agreement).catch(() => 'the test ends before'))
    await lab.world.runFor(40 * second)
    expect(lab.lending?.leases()[0]?.lease.state).toBe('running')
    expect(lab.held().length).toBe(2)
    expect(lab.net.bugs).toEqual([])
  })

  test('given a cut at any of its writes, then the lease is brought to its end, no credit is made or lost, and at most one interval is unpaid', async () => {
    let cuts = 0
    for (let write = 1; write < 200; write += 1) {
      const { lab, one } = await opened({ seed: write })
      lab.runsFor = 40 * second
      lab.crashAt(provider, { write, when: write % 2 === 0 ? 'before' : 'after' })
      const agreement = await lab.play(one.rent(), 5 * minute)
      await lab.play(one.follow(agreement), 20 * minute)
      await settled(lab, 20 * minute)
      const paid = lab.lending?.history()[0]?.paid ?? 0n
      const outage = slack(agreement, 2_500)
      expect(lost(lab, agreement, paid), `write ${write}`).toBeLessThanOrEqual(agreement.terms.credit + outage)
      expect(lab.guests.size, `write ${write}`).toBe(1)
      expect(await sum(lab, [agreement]), `write ${write}`).toBe(0n)
      expect(lab.net.bugs, `write ${write}`).toEqual([])
      if (!lab.hasCrashed(provider)) break
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(15)
  })
})
