/** MOLT accounts when witnesses lie, die or are cut off, and owners spend twice. */
import { describe, expect, test } from 'vitest'
import { holdAccount } from '../../src/core/molt/agreement.ts'
import { originOf, type Order, type Spend } from '../../src/core/molt/spend.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { minute, second } from '../../src/model/time.ts'
import type { Bank } from '../../src/services/molt/bank.ts'
import { commitClosing, prepareClosing, settleLines, voteForPay } from '../../src/wire/molt-witness.ts'
import { seededRandom } from '../../src/simulation/world.ts'
import { balancesAt, buyer, mint, MoltLab, never, payment, provider, witnessNames } from '../support/molt/lab.ts'
import { lie } from '../support/molt/liar.ts'

const [w0, w1, w2, w3] = witnessNames as [NodeId, NodeId, NodeId, NodeId]
const house = nodeId('house')
async function started(lab: MoltLab): Promise<readonly [Bank, Bank, Bank]> {
  return (await lab.start(mint, buyer, provider)) as unknown as readonly [Bank, Bank, Bank]
}

/** As `start`, with the last witness a liar. */
async function withLiar(seed: number): Promise<{ readonly lab: MoltLab; readonly banks: readonly [Bank, Bank, Bank] }> {
  const lab = new MoltLab({ seed })
  lie(w3, lab.network, lab.net.host(w3).rpc)
  for (const id of [w0, w1, w2]) await lab.play(lab.startWitness(id))
  const banks = [
    await lab.play(lab.startBank(mint)),
    await lab.play(lab.startBank(buyer)),
    await lab.play(lab.startBank(provider)),
  ] as const
  await lab.world.runFor(20 * second)
  return { lab, banks }
}

async function closedByBoth(lab: MoltLab): Promise<void> {
  const agreement = lab.agreed()
  const how = { signal: never }
  await lab.play(
    lab.insist(mint, (bank) => bank.pay(payment(buyer, 20_000n, 'credit'), never)),
    20 * minute,
  )
  const hold = await lab.play(
    lab.insist(buyer, (bank) => bank.openHold(agreement, never)),
    20 * minute,
  )
  await lab.play(lab.insist(provider, (bank) => bank.know(agreement)))
  await lab.play(lab.insist(provider, (bank) => bank.take(hold)))
  const [one, two] = await lab.play(
    Promise.all([
      lab.insist(buyer, (bank) => bank.close(agreement, lab.takenBack(agreement), how)),
      lab.insist(provider, (bank) => bank.close(agreement, lab.claimed(agreement, 4_000n), how)),
    ]),
    60 * minute,
  )
  expect(one.order.spend).toEqual(two.order.spend)
  lab.net.faults.loss = 0
  await lab.world.runFor(minute)
  for (const witness of [w0, w1, w2]) {
    const balances = await balancesAt(lab, witness, [holdAccount(agreement), mint, buyer, provider, house])
    expect(balances[0]).toBe(0n)
    expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(0n)
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'given a witness that lies, seed %i, then what both sides close at once ends closed, once',
  async (seed) => {
    const { lab, banks } = await withLiar(seed)
    await closedByBoth(lab)
    const reading = await lab.play(banks[0].read(provider, never))
    expect(reading.balance).toBeLessThanOrEqual(4_000n)
    expect(lab.net.bugs).toEqual([])
  },
)

test.each([11, 12, 13, 14, 15, 16, 17, 18])(
  'given a network that loses a fifth of all, seed %i, then all ends closed and nothing is lost',
  async (seed) => {
    const lab = new MoltLab({ seed })
    await started(lab)
    lab.net.faults.loss = 0.2
    lab.net.faults.duplication = 0.1
    lab.net.faults.latency = { min: 1, max: 300 }
    await closedByBoth(lab)
    expect(lab.net.bugs).toEqual([])
  },
)

test('given a minority of the witnesses that is down, then nothing is held up, and it hears of all when it is back', async () => {
  const lab = new MoltLab({ seed: 3 })
  await started(lab)
  lab.crash(w3)
  await closedByBoth(lab)
  await lab.play(lab.startWitness(w3))
  await lab.world.runFor(20 * second)
  const accounts = [mint, buyer, provider, house, holdAccount(lab.agreed())]
  expect(await balancesAt(lab, w3, accounts)).toEqual(await balancesAt(lab, w0, accounts))
})

test('given too few witnesses, then the payer is told how many have answered, and the line goes on by itself when they are back', async () => {
  const lab = new MoltLab({ seed: 4 })
  const [issuer] = await started(lab)
  lab.crash(w2)
  lab.crash(w3)
  await expect(lab.play(issuer.pay(payment(buyer, 700n, 'late'), never))).rejects.toMatchObject({
    ...{ code: 'NO_QUORUM', facts: { answered: 2, needed: 3 } },
  })
  await lab.play(lab.startWitness(w2))
  await lab.world.runFor(2 * minute)
  expect(issuer.books.byPurpose.get('late')?.line.order.spend.sequence).toBe(1)
  expect(lab.banks.get(buyer)?.books.balance).toBe(700n)
})

test('given an account that has less than is to be paid, then no witness is asked', async () => {
  const lab = new MoltLab()
  const [, left] = await started(lab)
  await expect(lab.play(left.pay(payment(mint, 5n, 'too much'), never))).rejects.toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
  })
  expect(left.books.proposed).toBeNull()
})

describe('given an owner who spends twice and a witness who votes for everything', () => {
  test('then of two lines with one number at most one counts, and nothing is made', async () => {
    let [both, one] = [0, 0]
    for (let seed = 1; seed <= 25; seed += 1) {
      const { lab, banks } = await withLiar(seed)
      const thief = nodeId('thief')
      await lab.play(banks[0].pay(payment(thief, 1_000n, 'credit'), never))
      await lab.world.runFor(10 * second)
      const orders = [buyer, provider].map((to): Order => {
        const spend: Spend = {
          account: thief,
          sequence: 1,
          previous: originOf(thief),
          outputs: [{ to, amount: 1_000n }],
        }
        return { spend, right: { type: 'owner', signature: lab.signed(thief, 'spend', spend) } }
      })
      const { rpc } = lab.net.host(thief)
      await lab.world.runFor(second)
      const random = seededRandom(seed)
      const votes = await lab.play(
        Promise.all(
          [w0, w1, w2, w3].flatMap((witness) =>
            orders.map(async (order, which) => {
              await new Promise<void>((resolve) => void lab.world.after(random.next() * 20, resolve))
              return { which, answer: await rpc.call(witness, voteForPay, { order }, never) }
            }),
          ),
        ),
      )
      const certificates = orders.flatMap((order, which) => {
        const own = votes.flatMap((vote) =>
          vote.which === which && vote.answer.type === 'vote' ? [vote.answer.vote] : [],
        )
        return own.length >= lab.network.quorum ? [{ order, phase: 'pay' as const, round: 0, votes: own }] : []
      })
      both += Number(certificates.length > 1)
      one += Number(certificates.length === 1)
      for (const line of certificates)
        await lab.play(
          Promise.all([w0, w1, w2].map((witness) => rpc.call(witness, settleLines, { lines: [line] }, never))),
        )
      for (const witness of [w0, w1, w2]) {
        const balances = await balancesAt(lab, witness, [mint, thief, buyer, provider])
        expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(0n)
        expect(balances[1]).toBeGreaterThanOrEqual(0n)
      }
    }
    expect([both, one > 0]).toEqual([0, true])
  })
})

test('given an account whose books were lost, then it takes its lines from the witnesses and pays on', async () => {
  const lab = new MoltLab({ seed: 7 })
  const [issuer] = await started(lab)
  for (const purpose of ['one', 'two', 'three']) await lab.play(issuer.pay(payment(buyer, 100n, purpose), never))
  lab.crash(mint)
  lab.disk(mint).wipe()
  const again = await lab.play(lab.startBank(mint))
  await lab.world.runFor(10 * second)
  expect([again.books.sequence, again.books.balance]).toEqual([3, -300n])
  const line = await lab.play(again.pay(payment(buyer, 100n, 'four'), never))
  expect(line.order.spend.sequence).toBe(4)
})

test('given books that are older than a line on its way, then that line is found with the witnesses and brought to its end first', async () => {
  const lab = new MoltLab({ seed: 10 })
  await started(lab)
  const { rpc } = lab.net.host(mint)
  const spend: Spend = {
    account: mint,
    sequence: 1,
    previous: originOf(mint),
    outputs: [{ to: provider, amount: 300n }],
  }
  const lost: Order = { spend, right: { type: 'owner', signature: lab.signed(mint, 'spend', spend) } }
  for (const witness of witnessNames) await lab.play(rpc.call(witness, voteForPay, { order: lost }, never))
  const issuer = lab.banks.get(mint) as Bank
  await expect(lab.play(issuer.pay(payment(buyer, 100n, 'next'), never))).rejects.toMatchObject({
    code: 'LINE_REPLACED',
  })
  const line = await lab.play(issuer.pay(payment(buyer, 100n, 'next'), never))
  expect([line.order.spend.sequence, issuer.books.balance]).toEqual([2, -400n])
})

test('given a closing that may be final already, when its side is gone, then the other side brings that one to its end and not its own', async () => {
  const lab = new MoltLab({ seed: 12 })
  const [issuer, left, right] = await started(lab)
  const agreement = lab.agreed()
  await lab.play(issuer.pay(payment(buyer, 20_000n, 'credit'), never))
  const hold = await lab.play(left.openHold(agreement, never))
  await lab.play(right.know(agreement))
  await lab.play(right.take(hold))
  const account = holdAccount(agreement)
  const outputs = [{ to: buyer, amount: 10_000n }]
  const spend: Spend = { account, sequence: 1, previous: originOf(account), outputs }
  const order: Order = { spend, right: { type: 'closing', agreement, closing: lab.takenBack(agreement) } }
  const { rpc } = lab.net.host(buyer)
  const answers = await lab.play(
    Promise.all(witnessNames.map((to) => rpc.call(to, prepareClosing, { order, round: 0, grounds: null }, never))),
  )
  const votes = answers.flatMap((answer) => (answer.type === 'vote' ? [answer.vote] : []))
  const prepared = { order, phase: 'prepare' as const, round: 0, votes }
  for (const to of [w0, w1]) await lab.play(rpc.call(to, commitClosing, { prepared }, never))
  lab.crash(buyer)
  const line = await lab.play(right.close(agreement, lab.claimed(agreement, 4_000n), { signal: never }), 5 * minute)
  expect(line.order.spend).toEqual(spend)
})
