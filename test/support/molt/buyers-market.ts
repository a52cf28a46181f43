/** A market in virtual time: a buyer's service with a real account, real witnesses, and providers that keep their word, and such that do not. */
import type { CopyStore } from '../../../src/ports/volumes.ts'
import { expect } from 'vitest'
import { costOfJob, isJobOver, type Job } from '../../../src/core/molt/market/job.ts'
import type { SpendingLimits } from '../../../src/core/molt/market/spending.ts'
import { unknown } from '../../../src/core/molt/market/reputation.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { Work } from '../../../src/model/molt-work.ts'
import { hour, minute, second } from '../../../src/model/time.ts'
import { silent } from '../../../src/ports/log.ts'
import { BuyingService, type Wish } from '../../../src/services/molt/buying/buying.ts'
import { FindingsBook } from '../../../src/services/molt/buying/findings-book.ts'
import { DeedBook } from '../../../src/services/molt/deeds/deed-book.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import { buyer, mint, MoltLab, never } from './lab.ts'
import { wantOf } from './pair.ts'
import { ScriptedProvider, type ScriptedInit } from './scripted-provider.ts'

const digest = `sha256:${'a'.repeat(64)}`
export const work: Work = {
  ...{ image: `docker.io/library/busybox@${digest}`, command: ['true'], entrypoint: null, env: { TOKEN: 'x' } },
  ...{ workdir: null, cpus: null, memoryMib: null, shmMib: null },
}
export const funds = 900_000n
/** Half of what the others ask. */
export const cheap = { prices: { '*': '1 MOLT' } }

/** Nothing is sent with jobs here. */
const noCopies: CopyStore = {
  write: () => Promise.reject(new Error('nothing is sent here')),
  read: () => Promise.reject(new Error('nothing was sent here')),
  remove: () => Promise.resolve(),
}

export interface Setting {
  readonly providers?: readonly Partial<ScriptedInit>[]
  readonly limits?: SpendingLimits
  readonly seed?: number
}

export async function market({ providers = [{}], limits, seed = 1 }: Setting = {}) {
  const lab = new MoltLab({ seed, faulty: 1, claimTime: 10 * minute })
  const names = providers.map((_, i) => nodeId(`provider-${i}`))
  const scripted: ScriptedProvider[] = []
  let buying: BuyingService | null = null
  let findings: FindingsBook | null = null
  let book: DeedBook | null = null
  lab.companions.set(buyer, async ({ disk, bank }) => {
    const { clock, rpc } = lab.net.host(buyer)
    const deeds = new DeedBook({ disk, clock })
    await deeds.start()
    book = deeds
    const found = new FindingsBook({ disk, clock })
    await found.open()
    findings = found
    const service = new BuyingService({
      findings: found,
      copies: noCopies,
      image: () => {
        throw new Error('no image is sent here')
      },
      ...{
        network: lab.network,
        signer: simSigner(buyer),
        verifier: simVerifier,
        rpc,
        clock,
        random: lab.world,
        bank,
        disk,
        deeds,
      },
      limits: () => limits ?? { job: funds, hour: funds, day: funds },
      finder: { find: () => Promise.resolve(scripted.flatMap(({ offers }) => offers)) },
      learn: () => Promise.resolve(),
      knownOf: (provider) => found.known(provider, unknown),
      log: silent,
    })
    await service.start()
    buying = service
  })
  const [bank] = await lab.start(mint, buyer, ...names)
  if (bank === undefined) throw new Error('the mint has no bank')
  await lab.play(bank.pay({ outputs: [{ to: buyer, amount: funds }], purpose: 'begin' }, never))
  for (const [i, parts] of providers.entries()) {
    const id = names[i] ?? buyer
    const own = lab.banks.get(id)
    if (own !== undefined) scripted.push(new ScriptedProvider({ lab, id, bank: own, ...parts }))
  }
  await lab.world.runFor(20 * second)
  const service = (): BuyingService => {
    if (buying === null) throw new Error('the buyer is down')
    return buying
  }
  const deeds = (): DeedBook => {
    if (book === null) throw new Error('the buyer is down')
    return book
  }
  return { lab, scripted, names, service, findings: () => findings?.all() ?? [], deeds }
}

export type Market = Awaited<ReturnType<typeof market>>

export const wish = (parts: Partial<Wish> = {}): Wish => {
  const want = wantOf('', { maxTotal: 400_000n, duration: 5 * minute, gpus: 2 })
  const { gpus, model, memoryMib, duration, maxTotal, minReputation, isolation, preferred } = want
  const { arbiters, region, minVerification, image, strategy } = want
  return {
    ...{ gpus, model, memoryMib, duration, maxTotal, minReputation, isolation, preferred },
    ...{ arbiters, region, minVerification, image, strategy, ...parts },
  }
}

export async function bought({ lab, service }: Market, parts: Partial<Wish> = {}): Promise<Job> {
  const job = await lab.play(service().submit({ name: 'train', wish: wish(parts), work, by: 'user:ada' }))
  return over({ lab, service }, job.id)
}

export async function over({ lab, service }: Pick<Market, 'lab' | 'service'>, id: string): Promise<Job> {
  await lab.world.runUntil(() => isJobOver(service().job(id)), 40 * hour)
  expect(lab.net.bugs).toEqual([])
  return service().job(id)
}

/** All that is where it should be: nothing is set aside any more, and what the buyer has lost others have. */
export async function balanced({ lab, names }: Market, job: Job): Promise<void> {
  await lab.world.runFor(30 * second)
  const own = lab.banks.get(buyer)
  const { paid } = costOfJob(job)
  expect(own?.books.balance).toBe(funds - paid)
  const fees = job.buy.purchases.map(({ outcome }) => ((outcome?.paid ?? 0n) * 250n) / 10_000n)
  const earned = names.reduce((sum, id) => sum + (lab.banks.get(id)?.books.balance ?? 0n), 0n)
  expect(earned).toBe(paid - fees.reduce((sum, fee) => sum + fee, 0n))
}
