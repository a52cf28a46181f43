/** What one witness does for whom, and what it keeps when its power or its disk goes. */
import { expect, test } from 'vitest'
import { holdAccount } from '../../src/core/molt/agreement.ts'
import { originOf, type Order, type Spend, spendHash } from '../../src/core/molt/spend.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { second } from '../../src/model/time.ts'
import type { Bank } from '../../src/services/molt/bank.ts'
import { openRound, readAccount, settleLines, voteForPay } from '../../src/wire/molt-witness.ts'
import { balancesAt, buyer, mint, MoltLab, never, payment, provider, witnessNames } from '../support/molt/lab.ts'

const [w0, w1, w2, w3] = witnessNames as [NodeId, NodeId, NodeId, NodeId]

async function started(lab: MoltLab): Promise<readonly [Bank, Bank, Bank]> {
  return (await lab.start(mint, buyer, provider)) as unknown as readonly [Bank, Bank, Bank]
}

test('given a witness whose disk was lost, then it votes for nothing before it knows what a quorum knows, and then as before', async () => {
  const lab = new MoltLab({ seed: 6 })
  const [issuer] = await started(lab)
  await lab.play(issuer.pay(payment(buyer, 700n, 'first'), never))
  await lab.world.runFor(5 * second)
  lab.crash(w0)
  lab.disk(w0).wipe()
  lab.net.partition([w0], [w1, w2, w3])
  await lab.play(lab.startWitness(w0))
  await lab.world.runFor(20 * second)
  const spend: Spend = {
    account: mint,
    sequence: 1,
    previous: originOf(mint),
    outputs: [{ to: provider, amount: 700n }],
  }
  const order: Order = { spend, right: { type: 'owner', signature: lab.signed(mint, 'spend', spend) } }
  const { rpc } = lab.net.host(nodeId('asker'))
  await lab.world.runFor(second)
  expect(await lab.play(rpc.call(w0, voteForPay, { order }, never))).toMatchObject({ refusal: 'catching-up' })
  lab.net.heal()
  await lab.world.runFor(20 * second)
  expect(await lab.play(rpc.call(w0, voteForPay, { order }, never))).toMatchObject({ refusal: 'behind', sequence: 1 })
  expect(await balancesAt(lab, w0, [mint, buyer])).toEqual([-700n, 700n])
})

test('given rounds that somebody would burn, then only the parties open any, and one after the other', async () => {
  const lab = new MoltLab({ seed: 8 })
  const [issuer, left] = await started(lab)
  const agreement = lab.agreed()
  const account = holdAccount(agreement)
  const ask = (who: NodeId, round: number) =>
    lab.play(
      lab.net
        .host(who)
        .rpc.call(w0, openRound, { agreement, opening: { account, sequence: 1, round, shown: [] } }, never),
    )
  // An account comes into being by being paid only.
  expect(await ask(buyer, 1)).toMatchObject({ refusal: 'funds' })
  await lab.play(issuer.pay(payment(buyer, 20_000n, 'credit'), never))
  await lab.play(left.openHold(agreement, never))
  expect(await ask(mint, 1)).toMatchObject({ refusal: 'party' })
  expect(await ask(buyer, 1)).toMatchObject({ type: 'opened' })
  expect(await ask(buyer, 1)).toMatchObject({ type: 'opened' })
  expect(await ask(buyer, 2)).toMatchObject({ refusal: 'paced' })
  await lab.world.runFor(3 * second)
  expect(await ask(provider, 2)).toMatchObject({ type: 'opened' })
  expect(await ask(provider, 9)).toMatchObject({ refusal: 'grounds' })
})

test('given somebody who would have a witness keep many accounts, then small ones and many at once are refused', async () => {
  const limits = {
    ...{ perCaller: { perSecond: 50, burst: 50 }, perAccount: { perSecond: 50, burst: 50 } },
    ...{ leastPayment: 1_000n, openings: { perSecond: 0.001, burst: 3 }, mostAccounts: 100, roundPace: 2_000 },
  }
  const lab = new MoltLab({ seed: 9, witness: { limits } })
  const [issuer] = await started(lab)
  const asked = (to: readonly string[], amount: bigint) => {
    const { sequence, head } = issuer.books
    const spend: Spend = {
      account: mint,
      sequence: sequence + 1,
      previous: head,
      outputs: to.map((each) => ({ to: each, amount })),
    }
    const order: Order = { spend, right: { type: 'owner', signature: lab.signed(mint, 'spend', spend) } }
    return lab.play(lab.net.host(mint).rpc.call(w0, voteForPay, { order }, never))
  }
  expect(await asked(['new'], 999n)).toMatchObject({ refusal: 'too-little' })
  await lab.play(issuer.pay(payment('one', 1_000n, 'one'), never))
  await lab.play(issuer.pay(payment('one', 1_000n, 'two'), never))
  expect(await asked(['one'], 999n)).toMatchObject({ refusal: 'too-little' })
  expect(await asked(['two', 'three', 'four', 'five'], 1_000n)).toMatchObject({ refusal: 'crowded' })
  const calls = Array.from({ length: 120 }, () =>
    lab.net.host(mint).rpc.call(w0, readAccount, { account: mint }, never),
  )
  const settled = await lab.play(Promise.allSettled(calls))
  expect(
    settled.some((each) => each.status === 'rejected' && (each.reason as { code: string }).code === 'RATE_LIMITED'),
  ).toBe(true)
})

test('given somebody who shows lines that were never signed, then a witness takes none and soon hears no more of them', async () => {
  const lab = new MoltLab({ seed: 13 })
  const [issuer] = await started(lab)
  const line = await lab.play(issuer.pay(payment(buyer, 700n, 'first'), never))
  const { rpc } = lab.net.host(nodeId('stranger'))
  await lab.world.runFor(second)
  const next = { ...line.order.spend, sequence: 2, previous: spendHash(line.order.spend) }
  // The votes are for another line.
  const forged = { ...line, order: { spend: next, right: line.order.right } }
  const show = () => lab.play(Promise.allSettled([rpc.call(w0, settleLines, { lines: [forged] }, never)]))
  const [first] = await show()
  expect(first).toMatchObject({ value: { settled: 0, refusal: 'certificate' } })
  await show()
  expect(await show()).toMatchObject([{ reason: { code: 'RATE_LIMITED' } }])
})

test('given a line with votes that are nobody’s and one with another right, then only what proves itself is kept', async () => {
  const lab = new MoltLab({ seed: 14 })
  const [issuer, , payee] = await started(lab)
  lab.net.partition([provider], witnessNames)
  const line = await lab.play(issuer.pay(payment(provider, 700n, 'first'), never))
  const right = { type: 'owner', signature: lab.signed(buyer, 'spend', line.order.spend) } as const
  expect(await lab.play(payee.take({ ...line, order: { ...line.order, right } }))).toBe(false)
  const votes = [{ witness: nodeId('nobody'), signature: 'ab' }, ...line.votes]
  expect(await lab.play(payee.take({ ...line, votes }))).toBe(true)
  expect(payee.books.received).toEqual([line])
})

test.each(['before', 'after'] as const)(
  'given a witness whose power goes %s it has written down its vote, then it is for no other line after the next start than whoever heard from it knows',
  async (when) => {
    const lab = new MoltLab({ seed: 11 })
    await started(lab)
    const orders = [buyer, provider].map((to): Order => {
      const spend: Spend = { account: mint, sequence: 1, previous: originOf(mint), outputs: [{ to, amount: 5n }] }
      return { spend, right: { type: 'owner', signature: lab.signed(mint, 'spend', spend) } }
    }) as [Order, Order]
    const ask = (order: Order) => lab.net.host(mint).rpc.call(w0, voteForPay, { order }, never)
    lab.crashAt(w0, { write: 0, when })
    const [first] = await lab.play(Promise.allSettled([ask(orders[0])]))
    // What comes next would have the vote flushed, had it not been.
    await lab.play(Promise.allSettled([lab.net.host(mint).rpc.call(w0, readAccount, { account: mint }, never)]))
    await lab.world.runFor(10 * second)
    const second_ = await lab.play(ask(orders[1]))
    expect([lab.hasCrashed(w0), first.status === 'fulfilled' && second_.type === 'vote']).toEqual([true, false])
  },
)
