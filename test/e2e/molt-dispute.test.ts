/** Three owners who know nothing of each other: one lends, one has work run and does not agree with what it is to pay, and one judges. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'

interface Money {
  readonly micro: string
}
interface Job {
  readonly id: string
  readonly state: string
  readonly cost: { readonly paid: Money; readonly promised: Money }
  readonly tries: readonly { readonly agreement: string; readonly how: string | null }[]
}
interface Status {
  readonly party: string | null
  readonly witnesses: { readonly isEnough: boolean }
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
const given = 1_000_000_000n
const feeBps = 250n
const meshes: Mesh[] = []
const folder = mkdtempSync(join(tmpdir(), 'claw-dispute-'))
let [judge, lender, buyer] = [] as unknown as [Daemon, Daemon, Daemon]

beforeAll(async () => {
  const ports = [await freePort(), await freePort(), await freePort()]
  for (const [i, name] of (['judge', 'lender', 'buyer'] as const).entries()) {
    const environment = { CLAWNODE_MOLT_LISTEN: `/ip4/127.0.0.1/tcp/${ports[i]}` }
    const gpus = name === 'lender' ? '2xH100' : ''
    meshes.push(await Mesh.start({ names: [name], environment, gpus, extra: ['--executor', 'simulated'] }))
  }
  ;[judge, lender, buyer] = meshes.map((mesh) => mesh.get(0)) as [Daemon, Daemon, Daemon]
  const [arbiter, payer] = [await partyOf(judge), await partyOf(buyer)]
  const genesis = {
    ...{ name: 'lab', witnesses: [arbiter], faulty: 0, feeBps: Number(feeBps), feeTo: arbiter },
    ...{ claimTime: 3_600_000, createdAt: 1, issuers: [{ account: payer, limit: String(given) }] },
  }
  const file = join(folder, 'lab.json')
  const bootstrap = [`/ip4/127.0.0.1/tcp/${ports[0]}/p2p/${arbiter}`]
  writeFileSync(file, JSON.stringify({ format: 'clawbernetes molt network 1', genesis, bootstrap }))
  const policy = `prices: { '*': 36 MOLT }\ninterval: 2s\nshortest: 1s\narbiters: [${arbiter}]\n`
  writeFileSync(join(folder, 'lending.yaml'), policy)
  for (const one of [judge, lender, buyer]) await one.json('molt', 'network', 'join', file)
  await lender.json('molt', 'policy', 'set', join(folder, 'lending.yaml'))
  await lender.json('molt', 'join', '--mode', 'moderate')
  for (const one of [judge, buyer]) await one.json('molt', 'join', '--buy-only')
  await buyer.json('molt', 'config', 'set', '--arbiter', arbiter, '--max-spend-per-hour', '500')
  for (const one of [lender, buyer])
    await eventually(
      'it reaches the witness',
      30_000,
      () => one.json<Status>('molt', 'status'),
      ({ witnesses }) => witnesses.isEnough,
    )
  await eventually(
    'there is something in the market',
    30_000,
    () => buyer.json<readonly unknown[]>('molt', 'market'),
    (models) => models.length > 0,
  )
}, 120_000)
afterAll(async () => {
  await Promise.all(meshes.map((mesh) => mesh.stop()))
  rmSync(folder, { recursive: true, force: true })
})

/** A key of the market is made by taking part once. */
async function partyOf(daemon: Daemon): Promise<string> {
  await daemon.json('molt', 'network', 'create')
  const { party } = await daemon.json<Status>('molt', 'status')
  await daemon.json('molt', 'network', 'leave', '--yes')
  if (party === null) throw new Error('it has no key')
  return party
}

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
  const { party } = await lender.json<Status>('molt', 'status')
  const seen = await buyer.json<readonly Reputation[]>('molt', 'reputation', party ?? '')
  expect(seen.find(({ role }) => role === 'provider')).toMatchObject({ own: 1, score: null, closed: { judged: 1 } })
}, 240_000)
