/** Three owners who know nothing of each other: one lends, one has work run and does not agree with what it is to pay, and one judges. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'
import { joinNetwork, lend, marketAt, partyOf, reachesWitness, seesInMarket } from '../support/molt/market-network.ts'

interface Money {
  readonly micro: string
}
interface Job {
  readonly id: string
  readonly state: string
  readonly cost: { readonly paid: Money; readonly promised: Money }
  readonly tries: readonly { readonly agreement: string; readonly how: string | null }[]
}
interface Dispute {
  readonly agreement: string
  readonly state: string
  readonly as: string
  readonly how: string | null
  readonly hold: Money
  readonly paid: Money | null
  readonly claims: readonly { readonly as: string; readonly reason: string; readonly promised: Money | null }[]
}
interface Reputation {
  readonly role: string
  readonly closed: { readonly judged: number }
  readonly own: number
}

const image = `docker.io/library/busybox@sha256:${'a'.repeat(64)}`
const feeBps = 250n
const meshes: Mesh[] = []
const folder = mkdtempSync(join(tmpdir(), 'claw-dispute-'))
let [judge, lender, buyer] = [] as unknown as [Daemon, Daemon, Daemon]

beforeAll(async () => {
  const port = await freePort()
  for (const [name, at] of [
    ['judge', port],
    ['lender', await freePort()],
    ['buyer', await freePort()],
  ] as const) {
    const gpus = name === 'lender' ? '2xH100' : ''
    const [extra, environment] = [['--executor', 'simulated'], marketAt(at)]
    meshes.push(await Mesh.start({ names: [name], environment, gpus, extra }))
  }
  ;[judge, lender, buyer] = meshes.map((mesh) => mesh.get(0)) as [Daemon, Daemon, Daemon]
  const [arbiter, issuer] = [await partyOf(judge), await partyOf(buyer)]
  const fee = { bps: Number(feeBps), to: arbiter }
  await joinNetwork({ folder, witness: { party: arbiter, port }, issuer, fee }, [judge, lender, buyer])
  await lend(lender, folder, `prices: { '*': 36 MOLT }\ninterval: 2s\nshortest: 1s\narbiters: [${arbiter}]\n`)
  for (const one of [judge, buyer]) await one.json('molt', 'join', '--buy-only')
  await buyer.json('molt', 'config', 'set', '--arbiter', arbiter, '--max-spend-per-hour', '500')
  for (const one of [lender, buyer]) await reachesWitness(one)
  await seesInMarket(buyer, 'something', ({ length }) => length > 0)
}, 120_000)
afterAll(async () => {
  await Promise.all(meshes.map((mesh) => mesh.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const balanceOf = async (one: Daemon): Promise<bigint> =>
  BigInt((await one.json<{ balance: Money }>('molt', 'balance')).balance.micro)
const jobInfo = (id: string) => buyer.json<Job>('molt', 'job', 'info', id)
const known = (one: Daemon, id: string, holds: (dispute: Dispute) => boolean) =>
  eventually(
    'the dispute is known, and as it has to be',
    60_000,
    () => one.json<readonly Dispute[]>('molt', 'dispute', 'list'),
    (all) => all.some((dispute) => dispute.agreement === id && holds(dispute)),
  )

test('given work that its buyer disputes, when the arbiter has judged, then it is closed at that everywhere, to the µMOLT', async () => {
  const asked = ['--duration', '120s', '--max-price', '10', '--image', image, '--yes', '-d']
  const { id } = await buyer.json<Job>('molt', 'request', ...asked, '--', 'sleep', '100')
  const running = await eventually(
    'it runs, and something was promised for it',
    60_000,
    () => jobInfo(id),
    ({ state, cost }) => state === 'running' && BigInt(cost.promised.micro) > 0n,
  )
  const agreement = running.tries[0]?.agreement ?? ''

  const opened = await buyer.json<Dispute>('molt', 'dispute', 'open', id, '--reason', 'it computed nothing')
  expect(opened).toMatchObject({ agreement, state: 'open', as: 'buyer', claims: [{ reason: 'it computed nothing' }] })
  expect(BigInt(opened.claims[0]?.promised?.micro ?? '0')).toBeGreaterThan(0n)
  await buyer.json('molt', 'cancel', id)

  await known(judge, agreement, ({ as, state }) => as === 'arbiter' && state === 'open')
  await known(lender, agreement, ({ as }) => as === 'provider')
  const file = join(folder, 'evidence.json')
  await judge.cli('molt', 'dispute', 'evidence', agreement, '--export', file)
  expect(await judge.json('molt', 'verify', file)).toMatchObject({ of: 'evidence', isWhole: true })
  const forged = join(folder, 'forged.json')
  writeFileSync(forged, readFileSync(file, 'utf8').replace('it computed nothing', 'it computed something'))
  const found = await judge.cli('--json', 'molt', 'verify', forged)
  expect([found.code, JSON.parse(found.stdout)]).toMatchObject([1, { isWhole: false, broken: { line: 'evidence' } }])
  // What the buyer has signed for is there, and no side has closed it by itself.
  expect(await jobInfo(id)).toMatchObject({ state: 'closing', tries: [{ how: null }] })

  const stranger = await lender.cli('--json', 'molt', 'verdict', agreement, '--provider-share', '100%', '--yes')
  expect(JSON.parse(stranger.stderr)).toMatchObject({ error: { code: 'DISPUTE_REFUSED' } })
  await judge.json('molt', 'verdict', agreement.slice(0, 12), '--provider-share', '60%', '--yes')

  const hold = BigInt(opened.hold.micro)
  const paid = (hold * 60n) / 100n
  const fee = (paid * feeBps) / 10_000n
  const closed = await eventually(
    'the job is closed',
    60_000,
    () => jobInfo(id),
    ({ tries }) => tries[0]?.how !== null,
  )
  expect(closed).toMatchObject({ cost: { paid: { micro: String(paid) } }, tries: [{ how: 'judged' }] })
  for (const one of [judge, lender, buyer])
    await known(one, agreement, (dispute) => dispute.how === 'judged' && dispute.paid?.micro === String(paid))
  await eventually(
    'the lease is closed',
    60_000,
    () => lender.json<{ how: string | null; paid: Money | null }>('molt', 'lease', 'info', agreement),
    ({ how, paid: got }) => how === 'judged' && got?.micro === String(paid),
  )
  const balances = await eventually(
    'all that was set aside is where it belongs',
    30_000,
    () => Promise.all([buyer, lender, judge].map(balanceOf)),
    ([left, earned, kept]) => left === -paid && earned === paid - fee && kept === fee,
  )
  expect(balances).toEqual([-paid, paid - fee, fee])
  // Arbiters say what was due, and not who was wrong.
  const { party } = await lender.json<{ party: string | null }>('molt', 'status')
  const seen = await buyer.json<readonly Reputation[]>('molt', 'reputation', party ?? '')
  expect(seen.find(({ role }) => role === 'provider')).toMatchObject({ own: 1, score: null, closed: { judged: 1 } })
}, 240_000)
