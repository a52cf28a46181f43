/** Banks and witnesses of a MOLT network, on a network that loses and disks that lose power. */
import { expect, test } from 'vitest'
import { holdAccount } from '../../src/core/molt/agreement.ts'
import { buyer, mint, MoltLab, never, provider } from '../support/molt/lab.ts'

test('given an issuer that pays, then both sides and all witnesses know of it, and nothing is made or lost', async () => {
  const lab = new MoltLab()
  const [issuer, payee] = await lab.start(mint, buyer)
  if (issuer === undefined || payee === undefined) throw new Error('they are not up')
  const line = await lab.play(issuer.pay({ outputs: [{ to: buyer, amount: 700n }], purpose: 'first' }, never))
  expect(line.votes.length).toBeGreaterThanOrEqual(3)
  await lab.play(payee.receive(never))
  expect([issuer.books.balance, payee.books.balance]).toEqual([-700n, 700n])
  const again = await lab.play(issuer.pay({ outputs: [{ to: buyer, amount: 700n }], purpose: 'first' }, never))
  expect(again).toEqual(line)
  const reading = await lab.play(payee.read(buyer, never))
  expect(reading).toMatchObject({ balance: 700n, sequence: 0, last: null })
  expect(lab.net.bugs).toEqual([])
})

test('given an agreement that both close at once, then one closing counts, and both sides have it in their books', async () => {
  const lab = new MoltLab()
  const [issuer, left, right] = await lab.start(mint, buyer, provider)
  if (issuer === undefined || left === undefined || right === undefined) throw new Error('they are not up')
  await lab.play(issuer.pay({ outputs: [{ to: buyer, amount: 20_000n }], purpose: 'first' }, never))
  const agreement = lab.agreed()
  const hold = await lab.play(left.openHold(agreement, never))
  await lab.play(right.know(agreement))
  expect(await lab.play(right.take(hold))).toBe(true)
  const closed = await lab.play(
    Promise.all([
      left.close(agreement, lab.takenBack(agreement), { signal: never }),
      right.close(agreement, lab.claimed(agreement, 4_000n), { signal: never }),
    ]),
    600_000,
  )
  expect(closed[0]?.order.spend).toEqual(closed[1]?.order.spend)
  const { balance } = await lab.play(left.read(holdAccount(agreement), never))
  expect(balance).toBe(0n)
  expect(lab.net.bugs).toEqual([])
})
