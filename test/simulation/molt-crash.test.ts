/** A whole agreement, with the power going at each write of each of those who take part: what is set aside always ends with somebody. */
import { expect, test } from 'vitest'
import { holdAccount } from '../../src/core/molt/agreement.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { minute } from '../../src/model/time.ts'
import { readAccount } from '../../src/wire/molt-witness.ts'
import { buyer, type Cut, mint, MoltLab, never, provider, witnessNames } from '../support/molt/lab.ts'

const house = nodeId('house')

/** Paid in, set aside, closed by both at once, and paid on. */
async function story(lab: MoltLab): Promise<void> {
  const agreement = lab.agreed()
  const outputs = [{ to: buyer, amount: 20_000n }]
  await lab.insist(mint, (bank) => bank.pay({ outputs, purpose: 'credit' }, never))
  const hold = await lab.insist(buyer, (bank) => bank.openHold(agreement, never))
  await lab.insist(provider, async (bank) => {
    await bank.know(agreement)
    await bank.take(hold)
  })
  const signal = never
  await Promise.all([
    lab.insist(buyer, (bank) => bank.close(agreement, lab.takenBack(agreement), { signal })),
    lab.insist(provider, (bank) => bank.close(agreement, lab.claimed(agreement, 4_000n), { signal })),
  ])
  await lab.insist(buyer, (bank) => bank.pay({ outputs: [{ to: mint, amount: 1_000n }], purpose: 'back' }, never))
}

/** What each witness says of each account. */
async function told(lab: MoltLab): Promise<readonly string[]> {
  const accounts = [mint, buyer, provider, house, holdAccount(lab.agreed())]
  const { rpc } = lab.net.host(nodeId('auditor'))
  await lab.world.runFor(1_000)
  return Promise.all(
    witnessNames.map(async (witness) => {
      const answers = await Promise.all(
        accounts.map((account) => lab.play(rpc.call(witness, readAccount, { account }, never))),
      )
      const sum = answers.reduce((all, { balance }) => all + balance, 0n)
      return `${sum}: ${answers.map(({ sequence, balance }) => `${sequence}/${balance}`).join(' ')}`
    }),
  )
}

async function run(victim: NodeId, cut: Cut): Promise<boolean> {
  // Small enough that the log goes on in new files, and snapshots are written, in the middle of it.
  const lab = new MoltLab({ seed: cut.write, witness: { bytes: 6_000, kept: 2, snapshotBytes: 4_000 } })
  await lab.start(mint, buyer, provider)
  lab.crashAt(victim, cut)
  await lab.play(story(lab), 20 * minute)
  await lab.world.runFor(minute)
  const says = await told(lab)
  expect([new Set(says).size, says[0]]).toEqual([1, expect.stringMatching(/^0: /)])
  // The hold is empty, and the credit is where one of the two closings has it.
  expect(says[0]).toMatch(
    /^0: 1\/-19000 2\/(9000 0\/0|9000 0\/0) 0\/0 1\/0$|^0: 1\/-19000 2\/15000 0\/3900 0\/100 1\/0$|^0: 1\/-19000 2\/19000 0\/0 0\/0 1\/0$/,
  )
  for (const id of [mint, buyer, provider]) {
    const bank = lab.banks.get(id)
    expect(bank?.books.balance).toBe(
      (await lab.play(bank?.read(id, never) ?? Promise.reject(new Error('down')))).balance,
    )
  }
  expect(lab.net.bugs).toEqual([])
  return lab.hasCrashed(victim)
}

test.each(
  [mint, buyer, provider, witnessNames[0] as NodeId].flatMap((victim) => [
    [victim, 'before'] as const,
    [victim, 'after'] as const,
  ]),
)('given %s whose power goes %s any of its writes, then all ends as if it had not', async (victim, when) => {
  let points = 0
  while (await run(victim, { write: points, when })) points += 1
  expect(points).toBeGreaterThan(1)
})
