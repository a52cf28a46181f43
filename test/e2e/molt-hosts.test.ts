/** Meshes of different owners, each on a lab host with a network of its own, who meet through bootstrap peers alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasLab } from '../support/docker-mesh.ts'
import { hasHosts } from '../support/lab-hosts.ts'
import { eventually } from '../support/mesh.ts'
import type { FaultName } from '../support/molt/crash/faults.ts'
import { allCells, playedOn } from '../support/molt/crash/matrix.ts'
import { MarketHosts, terms } from '../support/molt/market-hosts.ts'

interface Money {
  readonly micro: string
}
interface Lease {
  readonly id: string
  readonly state: string
  readonly how: string | null
  /** GPU-seconds by the meter. */
  readonly used: number
  readonly paid: Money | null
}
interface Wallet {
  readonly balance: Money
  readonly witnesses: { readonly agree: boolean } | null
}
interface Earnings {
  readonly leases: number
  readonly paid: Money
  readonly fee: Money
  readonly earned: Money
}

describe.skipIf(!hasLab || !hasHosts)('on hosts of the lab (scripts/lab/README.md), as root', () => {
  let market: MarketHosts
  beforeAll(async () => {
    market = await MarketHosts.up()
    await market.join()
  }, 180_000)
  afterAll(async () => {
    await market.down()
  })

  test('from joining to the earnings, each figure is what the agreement says, to the µMOLT', async () => {
    const { buyer, lender, parties } = market
    const script = 'echo begins; sleep 4; echo ends; exit 3'
    const asked = ['--yes', '--max-price', '10', '--duration', '60s', '--image', market.image, '--memory', '64Mi']
    const reply = await buyer.cli('molt', 'request', ...asked, '--', 'sh', '-c', script)
    expect(reply).toMatchObject({ code: 3, stdout: 'begins\nends\n' })

    const [lease] = await eventually(
      'the lease is closed',
      30_000,
      () => lender.json<readonly Lease[]>('molt', 'leases', '--all'),
      (leases) => leases.some(({ state }) => state === 'closed'),
    )
    const used = BigInt(Math.round((lease?.used ?? 0) * 1_000))
    const paid = (terms.rate * used + 999n) / 1_000n
    const fee = (paid * terms.feeBps) / 10_000n
    console.log(JSON.stringify({ used: String(used), paid: String(paid), fee: String(fee) }))
    expect(paid).toBeGreaterThan(35_000n)
    const earned = await lender.json<Earnings>('molt', 'earnings')
    expect(earned).toMatchObject({
      ...{ leases: 1, paid: { micro: String(paid) }, fee: { micro: String(fee) } },
      earned: { micro: String(paid - fee) },
    })

    const audit = market.audit().read()
    const given = terms.given * 1_000_000n
    expect(audit.problems).toEqual([])
    expect(audit.balances).toEqual(
      new Map([
        [parties.issuer, -given],
        [parties.buyer, given - paid],
        [parties.lender, paid - fee],
        [parties.feeTo, fee],
        [[...audit.closed.keys()][0], 0n],
      ]),
    )
    for (const [daemon, party] of [
      [buyer, parties.buyer],
      [lender, parties.lender],
      [market.issuer, parties.issuer],
    ] as const)
      expect(await daemon.json<Wallet>('molt', 'wallet')).toMatchObject({
        ...{ balance: { micro: String(audit.balanceOf(party)) }, witnesses: { agree: true } },
      })
  }, 120_000)

  // All steps with all faults are what `npm run chaos:molt` plays.
  const chosen: readonly (readonly [step: string, fault: FaultName])[] = [
    ['buyer: the hold is proposed', 'buyer killed'],
    ['provider: the hold is seen', 'buyer killed'],
    ['provider: the work runs', 'gateway changed'],
    ['provider: the closing is signed', 'provider killed'],
    ['witness: it commits the closing', 'witness down'],
  ]
  test('whoever dies at a step, no credit is made or lost, nobody is out of pocket by more than an interval, and all is closed', async () => {
    const cells = allCells().filter(({ step, fault }) =>
      chosen.some(([name, one]) => name === step.name && one === fault),
    )
    expect(cells).toHaveLength(chosen.length)

    const { told, failed, problems } = await playedOn(market, cells, (one) => console.log(JSON.stringify(one)))

    expect({ failed, problems }).toEqual({ failed: [], problems: [] })
    expect(told.filter(({ struck }) => !struck)).toEqual([])
    expect(told.flatMap((one) => one.problems)).toEqual([])
  }, 240_000)
})
