import { expect, test } from 'vitest'
import { agreementId } from '../../../../../src/core/molt/agreement.ts'
import type { Lease } from '../../../../../src/core/molt/market/lease.ts'
import type { Conversation } from '../../../../../src/ports/conversation.ts'
import { GuestSupply } from '../../../../../src/services/molt/lending/guest-supply.ts'
import { runningLease } from '../../../../support/molt/leased-host.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'

const never = new AbortController().signal
const lease: Lease = {
  ...runningLease(),
  state: 'funded',
  data: { isSupplied: false, isFetched: false, isWiped: false },
}
const id = lease.agreement === null ? '' : agreementId(lease.agreement)
const work = someWork({ inputs: [{ to: '/in', bytes: 3, sha256: 'a'.repeat(64) }] })

async function* nothing(): AsyncGenerator<never> {}
const side: Conversation = {
  messages: nothing(),
  chunks: nothing(),
  tell: () => Promise.resolve(),
  send: () => Promise.resolve(),
}

/** A host on which data comes until it is called off, and is cleared away a while after that. */
function host() {
  const seen = { atOnce: 0, most: 0, begun: 0 }
  const turn = (): Promise<void> => new Promise((done) => setImmediate(done))
  const receive = async (_: Lease, __: number, ___: unknown, signal: AbortSignal): Promise<void> => {
    seen.begun += 1
    seen.atOnce += 1
    seen.most = Math.max(seen.most, seen.atOnce)
    if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }))
    await turn()
    seen.atOnce -= 1
    signal.throwIfAborted()
  }
  const supply = new GuestSupply({
    store: { get: () => lease, work: () => Promise.resolve(work) },
    runner: { step: () => Promise.resolve(null) },
    data: { lacksImage: () => Promise.resolve(false), receive, receiveImage: () => Promise.resolve() },
  })
  return { supply, seen, turn }
}

test('given data that comes, when its buyer begins anew several times at once, then one at a time is taken in, and the last can be called off', async () => {
  const { supply, seen, turn } = host()
  const first = supply.take(lease, side, never).catch((error: unknown) => error)
  while (seen.begun === 0) await turn()
  const others = [1, 2, 3].map(() => supply.take(lease, side, never).catch((error: unknown) => error))
  expect(await first).toMatchObject({ code: 'LEASE_DATA_GONE' })
  expect(await others[0]).toMatchObject({ code: 'LEASE_DATA_GONE' })
  expect(await others[1]).toMatchObject({ code: 'LEASE_DATA_GONE' })
  while (seen.atOnce === 0) await turn()
  expect(supply.progress(lease)).toContain('receiving its data')
  await supply.callOff(id)
  expect(await others[2]).toMatchObject({ code: 'LEASE_DATA_GONE' })
  expect(seen.most).toBe(1)
  expect(supply.progress(lease)).toBeNull()
})

test('given one who waits for the one before, when it hangs up meanwhile, then nothing is begun for it', async () => {
  const { supply, seen, turn } = host()
  const first = supply.take(lease, side, never).catch((error: unknown) => error)
  while (seen.begun === 0) await turn()
  const hangUp = new AbortController()
  const second = supply.take(lease, side, hangUp.signal)
  hangUp.abort(new Error('it has hung up'))
  await expect(second).rejects.toThrow('it has hung up')
  expect(await first).toMatchObject({ code: 'LEASE_DATA_GONE' })
  expect(seen.begun).toBe(1)
  expect(supply.progress(lease)).toBeNull()
})
