/** Three meshes that know nothing of each other: two lend simulated GPUs, and the third finds out whether they do what they are paid for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '../../src/model/ids.ts'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'
import { joinNetwork, lend, marketAt, partyOf, seesInMarket } from '../support/molt/market-network.ts'

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
let [buyer, lenders, parties]: [Daemon | null, Daemon[], NodeId[]] = [null, [], []]

const here = (): Daemon => {
  if (buyer === null) throw new Error('the buyer is down')
  return buyer
}
const findings = () => here().json<readonly Found[]>('molt', 'findings')

beforeAll(async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const daemons = await Promise.all(
    meshes.map((mesh, i) =>
      mesh.add(i === 0 ? 'buyer' : `lender-${i}`, {
        ...{ gpus: i === 0 ? '' : '1xH100', extra: ['--executor', 'simulated'] },
        environment: marketAt(ports[i] ?? 0),
      }),
    ),
  )
  parties = await Promise.all(daemons.map(partyOf))
  const [issuer, party] = parties
  if (issuer === undefined || party === undefined) throw new Error('they have no keys')
  await joinNetwork({ folder, witness: { party, port: ports[1] }, issuer }, daemons)
  ;[buyer = null, ...lenders] = daemons
  const terms = "prices: { '*': 3.6 MOLT }\ninterval: 4s\nshortest: 1s\n"
  for (const lender of lenders) await lend(lender, folder, terms)
  await here().json('molt', 'join', '--buy-only')
  await seesInMarket(here(), 'both', ([model]) => model?.providers === 2)
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
