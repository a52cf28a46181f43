/** A buyer's service against providers that keep their word, and such that do not, with real accounts and witnesses in virtual time. */
import { describe, expect, test } from 'vitest'
import { agreementId } from '../../src/core/molt/agreement.ts'
import { costOfJob } from '../../src/core/molt/market/job.ts'
import { costOf, oneMolt } from '../../src/model/amount.ts'
import { hour, minute, second } from '../../src/model/time.ts'
import { balanced, bought, cheap, funds, market, over, wish, work } from '../support/molt/buyers-market.ts'
import { buyer, type Cut, never } from '../support/molt/lab.ts'

describe('a job whose provider keeps its word', () => {
  test('ends well, is paid for what it used, and gets the rest back', async () => {
    const stage = await market({ providers: [{ work: { takes: 40 * second } }] })
    const job = await bought(stage)
    expect(job.buy.why).toBe('completed')
    const [purchase] = job.buy.purchases
    expect(purchase?.outcome?.how).toBe('agreed')
    // Nobody waits for notes that will not come.
    expect((purchase?.since ?? Number.NaN) - (purchase?.terms.startsAt ?? 0)).toBeLessThan(60 * second)
    const { rate, gpus } = purchase?.terms ?? { rate: 0n, gpus: 0 }
    const used = costOf(rate, 40_500n * BigInt(gpus))
    const paid = purchase?.outcome?.paid ?? 0n
    expect(paid).toBeGreaterThan(0n)
    expect(paid).toBeLessThanOrEqual(used)
    // What it did not see it does not pay for: less than one interval.
    expect(used - paid).toBeLessThanOrEqual(purchase?.terms.credit ?? 0n)
    await balanced(stage, job)
  })

  test('what it spends counts towards its limits, to the µMOLT', async () => {
    const stage = await market({ providers: [{ work: { takes: 30 * second } }] })
    const job = await bought(stage)
    await stage.lab.world.runFor(2 * second)
    const { paid } = costOfJob(job)
    expect(stage.service().spending.spending?.entries).toMatchObject([{ job: job.id, amount: paid, isPaid: true }])
  })

  test('who fails at its work ends the job, as another would fail as well', async () => {
    const stage = await market({ providers: [{ policy: cheap, work: { takes: 20 * second, isFailed: true } }, {}] })
    const job = await bought(stage)
    expect([job.buy.why, job.buy.purchases.length]).toEqual(['failed', 1])
    await balanced(stage, job)
  })

  test('cancelled in the middle, it costs what it used until then', async () => {
    const stage = await market({ providers: [{ work: { takes: hour } }] })
    const { lab, service } = stage
    const { id } = await lab.play(service().submit({ name: 'train', wish: wish(), work, by: 'user:ada' }))
    await lab.world.runUntil(() => service().job(id).buy.purchases.at(-1)?.state === 'running', minute)
    await lab.world.runFor(20 * second)
    await lab.play(service().cancel(id))
    const job = await over(stage, id)
    expect(job.buy.why).toBe('cancelled')
    expect(job.buy.purchases[0]?.outcome?.paid).toBeGreaterThan(0n)
    await balanced(stage, job)
  })
})

test('given a buyer that is down for longer than it is patient, when it is back, then its work goes on where it was, and nobody is blamed', async () => {
  const stage = await market({ providers: [{ policy: cheap, work: { takes: minute } }, {}] })
  const { lab, service } = stage
  const { id } = await lab.play(service().submit({ name: 'train', wish: wish(), work, by: 'user:ada' }))
  await lab.world.runUntil(() => service().job(id).buy.purchases.at(-1)?.state === 'running', minute)
  lab.crash(buyer)
  await lab.world.runFor(90 * second)
  await lab.play(lab.startBank(buyer))
  const job = await over(stage, id)
  expect(job.buy.purchases.map(({ why, outcome }) => [why, outcome?.how])).toEqual([['completed', 'agreed']])
  await balanced(stage, job)
}, 30_000)

describe('a job whose provider does not', () => {
  test.each(['silent', 'refuses', 'forks'] as const)('%s: it goes on with the next one', async (trick) => {
    const stage = await market({ providers: [{ trick, policy: cheap, work: { takes: 2 * minute } }, {}] })
    const job = await bought(stage)
    expect(job.buy.why).toBe('completed')
    expect(job.buy.purchases.map(({ terms }) => terms.provider)).toEqual(stage.names)
    const [first] = job.buy.purchases
    // Nobody is out of pocket by more than one interval.
    expect(first?.outcome?.paid ?? 0n).toBeLessThanOrEqual(
      costOf(first?.terms.rate ?? 0n, (first?.seen.gpuMillis ?? 0n) + BigInt(2 * (first?.terms.interval ?? 0))),
    )
    await balanced(stage, job)
  })

  test('over-claims: it pays for what it has seen, not for what it is told', async () => {
    const stage = await market({ providers: [{ trick: 'over-claims', work: { takes: minute } }] })
    const job = await bought(stage)
    for (const { outcome, terms, seen } of job.buy.purchases)
      expect(outcome?.paid ?? 0n).toBeLessThanOrEqual(costOf(terms.rate, seen.gpuMillis + BigInt(terms.gpus * 2_000)))
    await balanced(stage, job)
  })

  test('never closes: once the time for claims is over, it takes back what it has not promised', async () => {
    const stage = await market({ providers: [{ trick: 'never-closes', work: { takes: 30 * second } }] })
    const job = await bought(stage)
    const [purchase] = job.buy.purchases
    expect(purchase?.outcome).toEqual({ how: 'taken-back', paid: purchase?.payer.vouched })
    await balanced(stage, job)
  })
})

describe('witnesses that are away for a while', () => {
  test('what was given up before it could be paid is not paid afterwards', async () => {
    const stage = await market({ providers: [{ work: { takes: 20 * second } }, { work: { takes: 20 * second } }] })
    const { lab, service } = stage
    const away = [...lab.network.witnesses].slice(0, 2)
    for (const witness of away) lab.crash(witness)
    const ids: string[] = []
    for (const name of ['one', 'two'])
      ids.push((await lab.play(service().submit({ name, wish: wish(), work, by: 'user:ada' }))).id)
    const isAgreed = (id: string): boolean => service().job(id).buy.purchases.at(-1)?.state === 'agreed'
    await lab.world.runUntil(() => ids.every(isAgreed), minute)
    expect(ids.filter(isAgreed)).toEqual(ids)
    // Until neither waits any longer for its hold to be paid, while the account still tries.
    await lab.world.runUntil(() => !ids.some(isAgreed), 3 * minute)
    for (const witness of away) await lab.play(lab.startWitness(witness))
    for (const id of ids) await over(stage, id)
    await lab.world.runFor(30 * second)
    const paid = ids.reduce((sum, id) => sum + costOfJob(service().job(id)).paid, 0n)
    expect(lab.banks.get(buyer)?.books.balance).toBe(funds - paid)
  })
})

describe('limits', () => {
  test('what no limit allows is not set aside, and the job ends', async () => {
    const stage = await market({ limits: { job: 10n, hour: funds, day: funds } })
    const job = await bought(stage)
    expect([job.buy.why, costOfJob(job).paid]).toEqual(['limit', 0n])
  })

  test('without offers it says so, after some rounds', async () => {
    const stage = await market({ providers: [] })
    const job = await bought(stage)
    expect(job.buy.why).toBe('no-bids')
    expect(job.round).toMatchObject({ offers: 0, asked: 0, bids: 0 })
  })

  test('with too little on its account it ends before anything is set aside', async () => {
    const stage = await market({ limits: { job: 100n * oneMolt, hour: 100n * oneMolt, day: 100n * oneMolt } })
    const job = await bought(stage, { duration: hour, gpus: 4, maxTotal: 100n * oneMolt })
    expect(['budget', 'completed']).toContain(job.buy.why)
    await balanced(stage, job)
  })
})

describe('wherever the power goes', () => {
  const cuts: readonly Cut[] = Array.from({ length: 16 }, (_, write) => ({
    write,
    when: write % 2 === 0 ? 'before' : 'after',
  }))

  test.each(cuts)('before or after write $write, the job ends, and not a µMOLT is lost', async (cut) => {
    const stage = await market({ providers: [{ work: { takes: 30 * second } }], seed: 7 })
    const { lab, service, deeds } = stage
    const { id } = await lab.play(service().submit({ name: 'train', wish: wish(), work, by: 'user:ada' }))
    lab.crashAt(buyer, cut)
    const job = await over(stage, id)
    expect(job.buy.purchases.every(({ outcome }) => outcome !== null)).toBe(true)
    const agreements = job.buy.purchases.flatMap(({ agreement }) =>
      agreement === null ? [] : [agreementId(agreement)],
    )
    expect(new Set(agreements).size).toBe(agreements.length)
    // Whatever it has agreed on, it can show who has.
    expect(agreements.every((agreement) => deeds().get(agreement) !== null)).toBe(true)
    await balanced(stage, job)
  })

  test('a job that is submitted with a quote takes the very bid that was shown, and the same quote is good for one job', async () => {
    const street = await market()
    const { lab, service, scripted } = street
    const quote = await lab.play(service().quote(wish(), never))
    const [best] = quote.ranked
    const request = { name: 'train', wish: wish(), work, by: 'user:ada', quote: quote.id }
    const job = await lab.play(service().submit(request))
    expect(job.buy.purchases.map(({ key }) => key)).toEqual([best?.hash])
    await expect(lab.play(service().submit(request))).rejects.toMatchObject({ code: 'MOLT_QUOTE_GONE' })
    await over(street, job.id)
    expect(scripted).toHaveLength(1)
  })
})
