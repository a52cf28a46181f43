import { beforeEach, describe, expect, test } from 'vitest'
import { agreementId } from '../../../../../src/core/molt/agreement.ts'
import { wantHash } from '../../../../../src/core/molt/market/decide.ts'
import { leaseStep, newLease } from '../../../../../src/core/molt/market/lease.ts'
import { hour } from '../../../../../src/model/time.ts'
import { LeaseStore } from '../../../../../src/services/molt/lending/lease-store.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { seededRandom } from '../../../../../src/simulation/world.ts'
import { aBid, aWant, now } from '../../../../support/molt/market.ts'
import { agreed } from '../../../../support/molt/samples.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'

/** As long as a real one. */
const signature = `${'A'.repeat(86)}==`
const agreement = { ...agreed(), byBuyer: signature, byProvider: signature }
const id = agreementId(agreement)
const bid = newLease({ ...aBid(), signature }, aWant(), ['G0', 'G1'], now)
const running = leaseStep(leaseStep(bid, { type: 'agreed', agreement }, now + 1), { type: 'funded' }, now + 2)
const closed = leaseStep(running, { type: 'closed', outcome: { how: 'agreed', paid: 7n } }, now + 3)
const over = leaseStep(closed, { type: 'stopped' }, now + 4)

let disk: SimDisk
let store: LeaseStore
beforeEach(async () => {
  disk = new SimDisk({ random: seededRandom(1) })
  store = new LeaseStore(disk)
  await store.open()
})

async function reopened(): Promise<LeaseStore> {
  const again = new LeaseStore(disk)
  await again.open()
  return again
}

describe('the leases of a node', () => {
  test('are what they were last, also after a power cut, and are found by what they are about', async () => {
    await store.put(bid)
    await store.put(running)
    disk.crash()
    const again = await reopened()
    expect(again.all()).toEqual([running])
    expect(again.ofAgreement(id)).toEqual(running)
    expect(again.ofWant(wantHash(aWant()))).toEqual(running)
    expect(again.get('0'.repeat(64))).toBeNull()
  })

  test('have their work for as long as they are not over, where nobody but their owner reads it', async () => {
    await store.put(running)
    await store.putWork(id, someWork())
    expect(await (await reopened()).work(id)).toEqual(someWork())
    await store.put(over)
    await store.tidy(now + 5)
    expect(await store.work(id)).toBeNull()
  })

  test('are forgotten an hour after their end, but for what was paid', async () => {
    await store.put(running)
    await store.put(over)
    await store.tidy(now + 5)
    expect(store.all()).toHaveLength(1)
    await store.tidy(now + 3 + hour)
    expect(store.all()).toEqual([])
    const again = await reopened()
    expect(again.all()).toEqual([])
    expect(again.history()).toMatchObject([{ agreement: id, paid: 7n, how: 'agreed' }])
  })

  test('that nobody took leave nothing behind', async () => {
    await store.put(leaseStep(bid, { type: 'tick' }, now + hour))
    await store.tidy(now + 2 * hour)
    expect([store.all(), store.history()]).toEqual([[], []])
  })

  test('take no more of the disk than they need', async () => {
    await store.put(bid)
    for (let at = 0; at < 2_100; at += 1) await store.put({ ...running, since: now + at })
    const journal = await disk.openJournal('molt-leases')
    expect(journal.records.length).toBeLessThan(200)
    expect((await reopened()).all()).toMatchObject([{ since: now + 2_099 }])
  })

  test('that cannot be read are not guessed at', async () => {
    const journal = await disk.openJournal('molt-leases')
    await journal.append([Buffer.from('{"key":1}')])
    await journal.close()
    await expect(reopened()).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })
})
