/** Work that is run twice, at two providers, and compared: with real accounts and witnesses in virtual time. */
import { describe, expect, test } from 'vitest'
import type { Check } from '../../src/core/molt/market/re-execution.ts'
import { costOfJob } from '../../src/core/molt/market/job.ts'
import { hour, minute, second } from '../../src/model/time.ts'
import { type Market, market, type Setting, wish, work } from '../support/molt/buyers-market.ts'
import { buyer, type Cut } from '../support/molt/lab.ts'

const budget = 800_000n
/** What the next job runs is on the disk only after so long that all checks are looked at meanwhile. */
function slowDown(lab: Market['lab']): void {
  const disk = lab.disk(buyer)
  const write = disk.writeBlob.bind(disk)
  disk.writeBlob = async (name, bytes) => {
    if (name.startsWith('molt-job-')) {
      disk.writeBlob = write
      await new Promise<void>((resolve) => lab.world.after(15 * second, resolve))
    }
    return write(name, bytes)
  }
}

const soon = { takes: 20 * second }

async function submitted({ lab, service }: Market): Promise<string> {
  const asked = { name: 'train', wish: wish({ maxTotal: 400_000n }), work, by: 'user:ada', reExecution: { budget } }
  return (await lab.play(service().submit(asked))).id
}

async function verdictOn(stage: Market, id: string): Promise<Check> {
  const { lab, service } = stage
  await lab.world.runUntil(() => service().isSettled(service().job(id)), 4 * hour)
  expect(lab.net.bugs).toEqual([])
  const check = service().checkOf({ id })
  if (check === null) throw new Error('nobody compares it')
  return check
}

async function judged(providers: NonNullable<Setting['providers']>) {
  const stage = await market({ providers })
  const check = await verdictOn(stage, await submitted(stage))
  return { stage, check, found: stage.findings().map(({ provider, kind }) => `${provider} ${kind}`) }
}

describe('work that is run twice', () => {
  test('given two providers that print the same, then both are as sure as can be, and both runs were paid within the price', async () => {
    const { stage, check, found } = await judged([{ work: soon }, { work: soon }])
    expect(check).toMatchObject({ verdict: 'equal', why: null })
    expect(new Set(check.outputs.map(({ provider }) => provider)).size).toBe(2)
    expect(found.toSorted()).toEqual(['provider-0 re-executed', 'provider-1 re-executed'])
    const jobs = [check.id, check.again ?? ''].map((id) => stage.service().job(id))
    expect(jobs.map(({ buy }) => buy.why)).toEqual(['completed', 'completed'])
    const paid = jobs.reduce((sum, job) => sum + costOfJob(job).paid, 0n)
    expect(paid).toBeGreaterThan(0n)
    expect(paid).toBeLessThanOrEqual(budget)
    // Both count towards the limits of the one job.
    await stage.lab.world.runFor(5 * second)
    const entries = stage.service().spending.spending?.entries ?? []
    expect(entries.map(({ job }) => job)).toEqual([check.id, check.id])
  })

  test('given one that prints something else, then both outputs are kept, and both are marked, as nobody knows which is wrong', async () => {
    const { check, found, stage } = await judged([{ work: soon }, { work: soon, output: ['dune'] }])
    expect(check.verdict).toBe('different')
    expect(new Set(check.outputs.map(({ sha256 }) => sha256)).size).toBe(2)
    expect(found.toSorted()).toEqual(['provider-0 differs', 'provider-1 differs'])
    expect(stage.findings()[0]?.about).toMatch(/it printed 5 bytes .*provider-\d 5 bytes/)
  })

  test('given nobody else, then it is not known, and that marks nobody', async () => {
    const { check, found } = await judged([{ work: soon }])
    expect(check).toMatchObject({ verdict: 'unclear', why: 'the second run did not come to its end: no-bids' })
    expect(found).toEqual([])
  })

  test('given work that fails, or whose output is gone, then it is not known either', async () => {
    const failed = await judged([{ work: { ...soon, isFailed: true } }, {}])
    expect(failed.check).toMatchObject({ verdict: 'unclear', why: 'the job did not come to its end: failed' })
    const gone = await judged([
      { work: soon, output: null },
      { work: soon, output: null },
    ])
    expect(gone.check).toMatchObject({ verdict: 'unclear' })
    expect(gone.check.why).toMatch(/cannot be read/)
    expect(gone.found).toEqual([])
  })

  test('given it is cancelled, then the second run is as well', async () => {
    const stage = await market({ providers: [{ work: soon }, { work: { takes: 200 * second } }] })
    const id = await submitted(stage)
    const { lab, service } = stage
    await lab.world.runUntil(() => service().checkOf({ id })?.again !== null, hour)
    await lab.play(service().cancel(id))
    const check = await verdictOn(stage, id)
    expect(check).toMatchObject({ verdict: 'unclear', why: 'cancelled' })
    const [again] = service().jobs()
    expect(again?.id).toBe(check.again)
    expect(again?.buy).toMatchObject({ state: 'closed', why: 'cancelled' })
  })

  test('given it is cancelled when the first run is over, then there is no second one', async () => {
    const stage = await market({ providers: [{ work: soon }, { work: soon }] })
    const id = await submitted(stage)
    const { lab, service } = stage
    await lab.world.runUntil(() => service().job(id).buy.why === 'completed', hour)
    await lab.play(service().cancel(id))
    expect(await verdictOn(stage, id)).toMatchObject({ verdict: 'unclear', why: 'cancelled', again: null })
    await lab.world.runFor(minute)
    expect(service().jobs()).toHaveLength(1)
  })

  test('given it is cancelled while the second run is being submitted, then that one spends nothing', async () => {
    const stage = await market({ providers: [{ work: soon }, { work: soon }] })
    const id = await submitted(stage)
    const { lab, service } = stage
    await lab.world.runUntil(() => service().checkOf({ id })?.outputs.length === 1, hour)
    slowDown(lab)
    await lab.world.runFor(5 * second)
    expect(service().jobs()).toHaveLength(1)
    await lab.play(service().cancel(id))
    await lab.world.runFor(minute)
    const [again] = service().jobs()
    expect(again).toMatchObject({ name: 'train-again', buy: { state: 'closed', why: 'cancelled' } })
    expect(again === undefined ? null : costOfJob(again).most).toBe(0n)
  })

  test('given a disk so slow that it is looked at while it is being submitted, then nothing of it is given up', async () => {
    const stage = await market({ providers: [{ work: soon }, { work: soon }] })
    slowDown(stage.lab)
    const check = await verdictOn(stage, await submitted(stage))
    expect(check).toMatchObject({ verdict: 'equal', why: null })
  })
})

describe('wherever the power goes', () => {
  const cuts: readonly Cut[] = Array.from({ length: 32 }, (_, i) => ({
    write: 2 * i,
    when: i % 2 === 0 ? 'before' : 'after',
  }))

  test.each(cuts)('before or after write $write, it runs twice and no third time', async (cut) => {
    const stage = await market({ providers: [{ work: soon }, { work: soon }, { work: soon }], seed: 3 })
    const id = await submitted(stage)
    stage.lab.crashAt(buyer, cut)
    const check = await verdictOn(stage, id)
    const jobs = stage.service().jobs()
    expect(jobs.map((job) => job.id).toSorted()).toEqual([check.id, check.again].toSorted())
    expect(check.verdict).toBe('equal')
    expect(stage.findings()).toHaveLength(2)
  })
})
