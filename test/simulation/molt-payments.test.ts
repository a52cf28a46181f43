/** Payments that can never be, or are not wanted any more, and closings that are replaced while they are under way. */
import { expect, test } from 'vitest'
import { agreementId } from '../../src/core/molt/agreement.ts'
import { encodeBooksEntry } from '../../src/core/molt/books.ts'
import type { Output } from '../../src/core/molt/closing.ts'
import { leastPayment, type Order, originOf, type Spend } from '../../src/core/molt/spend.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { second } from '../../src/model/time.ts'
import type { Bank } from '../../src/services/molt/bank.ts'
import { voteForPay } from '../../src/wire/molt-witness.ts'
import { buyer, mint, MoltLab, never, payment, provider, witnessNames } from '../support/molt/lab.ts'

function signedLine(lab: MoltLab, outputs: readonly Output[]): Order {
  const spend: Spend = { account: mint, sequence: 1, previous: originOf(mint), outputs }
  return { spend, right: { type: 'owner', signature: lab.signed(mint, 'spend', spend) } }
}

/** An account whose books have this line on its way already. */
async function withProposed(lab: MoltLab, order: Order): Promise<void> {
  const journal = await lab.play(lab.disk(mint).openJournal('molt-books'))
  const entries = [
    { type: 'begun', network: lab.network.id, account: mint, at: 0 },
    { type: 'proposed', order, purpose: 'stuck', at: 0 },
  ] as const
  await lab.play(journal.append(entries.map(encodeBooksEntry)))
  await lab.play(journal.close())
}

const cutOff = (lab: MoltLab, ...who: readonly NodeId[]): void => lab.net.partition([...who], witnessNames)

test.each<[string, readonly Output[]]>([
  ['nothing', [{ to: buyer, amount: 0n }]],
  ['nobody', []],
  ['less than is worth a line', [{ to: buyer, amount: leastPayment - 1n }]],
  [
    'dust to many',
    Array.from({ length: 16 }, (_, i) => ({ to: i === 0 ? provider : `somebody-${i}`, amount: i === 0 ? 5_000n : 1n })),
  ],
  ['too many', Array.from({ length: 17 }, (_, i) => ({ to: `somebody-${i}`, amount: leastPayment }))],
  ['itself', [{ to: mint, amount: leastPayment }]],
  ['a name that is none', [{ to: 'x'.repeat(129), amount: leastPayment }]],
])('given a payment of %s, then it is refused before it is signed, and the next one is paid', async (_, outputs) => {
  const lab = new MoltLab({ seed: 31, leastPayment })
  const [issuer] = (await lab.start(mint)) as [Bank]
  await expect(lab.play(issuer.pay({ outputs, purpose: 'wrong' }, never))).rejects.toMatchObject({
    code: 'PAYMENT_INVALID',
  })
  expect([issuer.books.proposed, issuer.isUnderWay('wrong')]).toEqual([null, false])
  const { order } = await lab.play(issuer.pay(payment(buyer, leastPayment, 'right'), never))
  expect(order.spend.sequence).toBe(1)
})

test('given an agreement for which next to nothing is to be set aside, then nothing is signed for it', async () => {
  const lab = new MoltLab({ seed: 32, leastPayment })
  const [left] = (await lab.start(buyer)) as [Bank]
  const hold = lab.play(left.openHold(lab.agreed({ hold: leastPayment - 1n }), never))
  await expect(hold).rejects.toMatchObject({ code: 'PAYMENT_INVALID' })
  expect(left.books.proposed).toBeNull()
})

test.each<[string, bigint]>([
  ['malformed', 0n],
  ['too-little', leastPayment - 1n],
])('given an account that has signed what is %s, then it gives it up by itself and pays on', async (_, amount) => {
  const lab = new MoltLab({ seed: 33, leastPayment })
  await withProposed(lab, signedLine(lab, [{ to: buyer, amount }]))
  const [issuer] = (await lab.start(mint)) as [Bank]
  await lab.world.runFor(30 * second)
  expect([issuer.books.proposed, issuer.isUnderWay('stuck')]).toEqual([null, false])
  const { order } = await lab.play(issuer.pay(payment(buyer, leastPayment, 'right'), never))
  expect(order.spend.sequence).toBe(1)
  expect(lab.net.bugs).toEqual([])
})

test('given fewer than a quorum that say a line can never be, then it is not given up', async () => {
  const lab = new MoltLab({ seed: 34, leastPayment })
  await withProposed(lab, signedLine(lab, [{ to: buyer, amount: 1n }]))
  await lab.start()
  lab.net.partition([mint, ...witnessNames.slice(0, 2)], witnessNames.slice(2))
  const issuer = await lab.play(lab.startBank(mint))
  await lab.world.runFor(60 * second)
  expect(issuer.isUnderWay('stuck')).toBe(true)
})

test('given a payment that waits for others, then it is under way until it is given up, and nothing is paid for it then', async () => {
  const lab = new MoltLab({ seed: 35 })
  const [issuer] = (await lab.start(mint)) as [Bank]
  cutOff(lab, mint)
  const first = issuer.pay(payment(buyer, 100n, 'first'), never)
  const others = Promise.allSettled([first, issuer.pay(payment(provider, 100n, 'second'), never)])
  expect([issuer.isUnderWay('first'), issuer.isUnderWay('second')]).toEqual([true, true])
  await lab.world.runFor(second)
  // What is signed cannot be taken back.
  expect([issuer.giveUp('first'), issuer.giveUp('second')]).toEqual([false, true])
  expect([issuer.isUnderWay('first'), issuer.isUnderWay('second')]).toEqual([true, false])
  lab.net.heal()
  const [paid, unpaid] = await lab.play(others)
  expect([paid.status, unpaid]).toMatchObject(['fulfilled', { reason: { code: 'PAYMENT_GIVEN_UP' } }])
  await lab.world.runFor(30 * second)
  expect([issuer.isUnderWay('first'), issuer.books.sequence]).toEqual([false, 1])
  // Whoever still wants it asks again.
  await lab.play(issuer.pay(payment(provider, 100n, 'second'), never))
  expect(issuer.books.sequence).toBe(2)
})

test('given a hold that is asked for, then it is under way at once, and given up before anything is written of it', async () => {
  const lab = new MoltLab({ seed: 36 })
  const [issuer, left] = (await lab.start(mint, buyer)) as [Bank, Bank]
  await lab.play(issuer.pay(payment(buyer, 20_000n, 'credit'), never))
  const agreement = lab.agreed()
  const hold = Promise.allSettled([left.openHold(agreement, never)])
  const purpose = `hold ${agreementId(agreement)}`
  expect([left.isUnderWay(purpose), left.giveUp(purpose)]).toEqual([true, true])
  expect(await lab.play(hold)).toMatchObject([{ reason: { code: 'PAYMENT_GIVEN_UP' } }])
  expect([left.isUnderWay(purpose), left.books.sequence]).toEqual([false, 0])
})

test('given a disk that is full, then a payment that could not be written is under way no more', async () => {
  const lab = new MoltLab({ seed: 37 })
  const [issuer] = (await lab.start(mint)) as [Bank]
  lab.disk(mint).capacity = 0
  await expect(lab.play(issuer.pay(payment(buyer, 100n, 'first'), never))).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect([issuer.isUnderWay('first'), issuer.giveUp('first')]).toEqual([false, true])
})

test('given a line that was replaced while it waited to be asked for again, then it is not signed anew', async () => {
  const lab = new MoltLab({ seed: 38 })
  const rival = signedLine(lab, [{ to: provider, amount: 300n }])
  await withProposed(lab, signedLine(lab, [{ to: buyer, amount: 200n }]))
  for (const witness of witnessNames) await lab.play(lab.startWitness(witness))
  await lab.world.runFor(8 * second)
  const { rpc } = lab.net.host(provider)
  await lab.world.runFor(second)
  const answers = await lab.play(
    Promise.all(witnessNames.map((to) => rpc.call(to, voteForPay, { order: rival }, never))),
  )
  const votes = answers.flatMap((answer) => (answer.type === 'vote' ? [answer.vote] : []))
  const other = await lab.play(lab.startBank(provider))
  await lab.play(other.take({ order: rival, phase: 'pay', round: 0, votes }))
  cutOff(lab, mint)
  const issuer = await lab.play(lab.startBank(mint))
  const asked = Promise.allSettled([issuer.pay(payment(buyer, 100n, 'next'), never)])
  // By now it waits behind the other one.
  await lab.world.runFor(12 * second)
  lab.net.heal()
  await lab.play(asked)
  await lab.world.runFor(60 * second)
  expect(issuer.books.byPurpose.has('stuck')).toBe(false)
  expect(issuer.books.sent.map(({ order }) => order.spend.outputs)).toEqual([rival.spend.outputs])
})

test.each([
  ['more', 4_000n, 6_000n, 6_000n],
  ['less', 6_000n, 4_000n, 6_000n],
])(
  'given a provider whose closing is under way, when it closes at %s, then what pays it more counts',
  async (_, begun, next, paid) => {
    const lab = new MoltLab({ seed: 39 })
    const [issuer, left, right] = (await lab.start(mint, buyer, provider)) as [Bank, Bank, Bank]
    await lab.play(issuer.pay(payment(buyer, 20_000n, 'credit'), never))
    const agreement = lab.agreed()
    const hold = await lab.play(left.openHold(agreement, never))
    await lab.play(right.know(agreement))
    await lab.play(right.take(hold))
    cutOff(lab, provider)
    const first = right.close(agreement, lab.claimed(agreement, begun), { signal: never })
    await lab.world.runFor(2 * second)
    const second_ = right.close(agreement, lab.claimed(agreement, next), { signal: never })
    await lab.world.runFor(second)
    lab.net.heal()
    const [one, other] = await lab.play(Promise.all([first, second_]), 600_000)
    expect(one).toEqual(other)
    expect(one.order.spend.outputs).toContainEqual({ to: buyer, amount: 10_000n - paid })
    expect([right.books.closings.size, lab.net.bugs]).toEqual([0, []])
  },
)
