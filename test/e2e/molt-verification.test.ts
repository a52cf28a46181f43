/** Three meshes that know nothing of each other: two lend simulated GPUs, and the third finds out whether they do what they are paid for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'

interface Status {
  readonly party: string | null
  readonly witnesses: { readonly isEnough: boolean }
}
interface Check {
  readonly verdict: string | null
  readonly outputs: readonly { readonly provider: string; readonly sha256: string }[]
}
interface Found {
  readonly provider: string
  readonly kind: string
  readonly verification: string
}

const image = `docker.io/acme/claw-probe@sha256:${'d'.repeat(64)}`
const folder = mkdtempSync(join(tmpdir(), 'claw-molt-verification-'))
const meshes = [new Mesh(), new Mesh(), new Mesh()] as const
let [buyer, lenders, parties]: [Daemon | null, Daemon[], string[]] = [null, [], []]

const here = (): Daemon => {
  if (buyer === null) throw new Error('the buyer is down')
  return buyer
}
/** A key of the market is made by taking part once. */
async function partyOf(daemon: Daemon): Promise<string> {
  await daemon.json('molt', 'network', 'create')
  const { party } = await daemon.json<Status>('molt', 'status')
  await daemon.json('molt', 'network', 'leave', '--yes')
  if (party === null) throw new Error('it has no key')
  return party
}
const findings = () => here().json<readonly Found[]>('molt', 'findings')

beforeAll(async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const daemons = await Promise.all(
    meshes.map((mesh, i) =>
      mesh.add(i === 0 ? 'buyer' : `lender-${i}`, {
        ...{ gpus: i === 0 ? '' : '1xH100', extra: ['--executor', 'simulated'] },
        environment: { CLAWNODE_MOLT_LISTEN: `/ip4/127.0.0.1/tcp/${ports[i]}` },
      }),
    ),
  )
  parties = await Promise.all(daemons.map(partyOf))
  const [payer = '', witness = ''] = parties
  const genesis = {
    ...{ name: 'lab', witnesses: [witness], faulty: 0, feeBps: 0, feeTo: null, claimTime: 3_600_000, createdAt: 1 },
    issuers: [{ account: payer, limit: '1000000000' }],
  }
  const bootstrap = [`/ip4/127.0.0.1/tcp/${ports[1]}/p2p/${witness}`]
  const [file, policy] = [join(folder, 'lab.json'), join(folder, 'lending.yaml')]
  writeFileSync(file, JSON.stringify({ format: 'clawbernetes molt network 1', genesis, bootstrap }))
  writeFileSync(policy, "prices: { '*': 3.6 MOLT }\ninterval: 4s\nshortest: 1s\n")
  await Promise.all(daemons.map((one) => one.json('molt', 'network', 'join', file)))
  ;[buyer = null, ...lenders] = daemons
  for (const lender of lenders) {
    await lender.json('molt', 'policy', 'set', policy)
    await lender.json('molt', 'join', '--mode', 'moderate')
  }
  await here().json('molt', 'join', '--buy-only')
  await eventually(
    'both lend',
    60_000,
    () => here().json<readonly { providers: number }[]>('molt', 'market'),
    ([model]) => model?.providers === 2,
  )
}, 180_000)
afterAll(async () => {
  await Promise.all(meshes.map((mesh) => mesh.stop()))
  rmSync(folder, { recursive: true, force: true })
})

const asked = (...rest: readonly string[]) => [
  ...['molt', 'request', '--yes', '--max-price', '2', '--duration', '60s', '--image', image, ...rest],
]

test('given a provider that is challenged, then it answers by a program in its lease, and is known for it', async () => {
  const [, first = ''] = parties
  const challenge = ['--image', image, '--memory', '8Mi', '--steps', '4']
  const probe = await here().cli('molt', 'probe', first, ...challenge, '--json')
  expect({ ...probe, result: JSON.parse(probe.stdout || '{}') as object }).toMatchObject({
    code: 0,
    result: { verdict: 'probed', verification: 'probed', why: null },
  })
  expect(await findings()).toMatchObject([{ provider: first, kind: 'probed', verification: 'probed' }])
  // It cannot be that it has been filled in no time at all.
  const late = await here().cli('molt', 'probe', first, ...challenge, '--within', '1ms', '--json')
  expect([late.code, JSON.parse(late.stdout)]).toMatchObject([
    1,
    { verdict: 'probe-failed', verification: 'self-reported' },
  ])
  const sure = await here().cli(...asked('--min-verification', 'probed', '--dry-run'))
  expect(sure.stdout).toMatch(/Nobody runs it/)
}, 120_000)

test('given work that is run twice, then both have printed the same, and both are known for it', async () => {
  const script = ['sh', '-c', 'echo one; sleep 2; echo two']
  const run = await here().cli(...asked('--verify', 're-execution', '--name', 'twice', '--', ...script))
  expect(run).toMatchObject({ code: 0, stdout: 'one\ntwo\n' })
  const { check } = await here().json<{ check: Check }>('molt', 'job', 'info', 'twice')
  expect(check.verdict).toBe('equal')
  expect(check.outputs.map(({ provider }) => provider).toSorted()).toEqual(parties.slice(1).toSorted())
  const found = await findings()
  expect(found.filter(({ kind }) => kind === 're-executed')).toHaveLength(2)
  expect(found.every(({ verification }) => verification === 're-executed')).toBe(true)
  const market = await eventually(
    'both lend again',
    40_000,
    () =>
      here().json<readonly { providers: number; verified: object }[]>(
        'molt',
        'market',
        '--min-verification',
        're-executed',
      ),
    ([model]) => model?.providers === 2,
  )
  expect(market).toMatchObject([{ verified: { 're-executed': 2 } }])
}, 120_000)
