/** Two meshes that know nothing of each other, in one MOLT network. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, Mesh } from '../support/mesh.ts'
import { connectionsOf } from '../support/sockets.ts'

interface Status {
  readonly mode: string | null
  readonly party: string | null
  readonly witness: boolean
  readonly connected: boolean
  readonly addresses: readonly string[]
  readonly network: { readonly id: string; readonly name: string } | null
  readonly peers: number
  readonly strangers: number
  readonly witnesses: { readonly reachable: number; readonly all: number; readonly isEnough: boolean }
}
interface Network {
  readonly id: string
  readonly name: string
  readonly quorum: number
  readonly witnesses: readonly { readonly party: string; readonly node: string | null }[]
  readonly issuers: readonly { readonly inWords: string }[]
}
interface NodeInfo {
  readonly addresses: readonly string[]
  readonly molt: { readonly participating: boolean; readonly mode: string | null; readonly witness: boolean }
}

interface Money {
  readonly micro: string
  readonly inWords: string
}
interface Paid {
  readonly to: string
  readonly line: { readonly sequence: number; readonly signed: number }
}
interface Wallet {
  readonly balance: Money
  readonly onItsWay: unknown
  readonly witnesses: { readonly agree: boolean } | null
}
interface Verdict {
  readonly of: string
  readonly isWhole: boolean
  readonly balance: Money | null
  readonly broken: { readonly line: string; readonly problem: string } | null
}

let lender: Mesh
let borrower: Mesh

beforeAll(async () => {
  ;[lender, borrower] = await Promise.all([Mesh.start({ names: ['a1', 'a2', 'a3'] }), Mesh.start({ names: ['b1'] })])
  await lender.voters(3)
})
afterAll(async () => {
  await Promise.all([lender.stop(), borrower.stop()])
})

const statusAt = (mesh: Mesh, index = 0) => mesh.get(index).json<Status>('molt', 'status')
const infoOf = (mesh: Mesh, name: string) => mesh.get(0).json<NodeInfo>('node', 'info', name)
const meshPort = async (mesh: Mesh, name: string): Promise<number> =>
  Number(/\/tcp\/(\d+)\//.exec((await infoOf(mesh, name)).addresses[0] ?? '')?.[1])

describe('given a mesh of three voters and one of a single node', () => {
  test('the first makes a network of which all its voters are witnesses, once', async () => {
    const made = await lender.get(0).json<Network>('molt', 'network', 'create', '--name', 'lab', '--credit', '500')
    expect(made).toMatchObject({ name: 'lab', quorum: 2, issuers: [{ inWords: '500.00 MOLT' }] })
    expect(made.witnesses).toHaveLength(3)

    const again = await lender.get(1).cli('--json', 'molt', 'network', 'create', '--name', 'other')

    expect(again.code).not.toBe(0)
    expect(JSON.parse(again.stderr)).toMatchObject({
      error: { code: 'MOLT_NETWORK_EXISTS', message: expect.stringContaining(`lab (${made.id})`) },
    })
    const witness = await eventually(
      'its witnesses reach each other',
      30_000,
      () => statusAt(lender, 1),
      // Whose they are the mesh hears a moment later.
      ({ witnesses, strangers }) => witnesses.reachable === 3 && strangers === 0,
    )
    expect(witness).toMatchObject({ mode: null, witness: true, connected: true, strangers: 0 })
  })

  test('the second joins with the file that the first has written, and a node of each takes part', async () => {
    const file = join(lender.directory, 'lab.json')
    expect((await lender.get(0).cli('molt', 'network', 'export', file)).code).toBe(0)
    const joined = await borrower.get(0).json<Network>('molt', 'network', 'join', file)
    expect(joined).toMatchObject({ name: 'lab', witnesses: [{ node: null }, { node: null }, { node: null }] })

    await lender.get(0).json('molt', 'join', '--mode', 'moderate')
    await borrower.get(0).json('molt', 'join', '--buy-only')

    const buyer = await eventually(
      'the buyer sees all witnesses',
      30_000,
      () => statusAt(borrower),
      ({ witnesses }) => witnesses.reachable === 3,
    )
    expect(buyer).toMatchObject({ mode: 'buy-only', witness: false, strangers: 3, witnesses: { isEnough: true } })
    const seller = await eventually(
      'the seller sees the buyer',
      30_000,
      () => statusAt(lender),
      ({ strangers }) => strangers === 1,
    )
    expect(seller).toMatchObject({ mode: 'moderate', witness: true, network: { id: joined.id } })
  })

  test('each node of a mesh knows how the others take part', async () => {
    const info = await eventually(
      'a2 knows of a1',
      15_000,
      () => lender.get(1).json<NodeInfo>('node', 'info', 'a1'),
      ({ molt }) => molt.participating,
    )
    expect(info.molt).toMatchObject({ mode: 'moderate', witness: true })
    expect((await lender.get(1).cli('node', 'info', 'a1')).stdout).toContain('moderate, witness')
    expect((await infoOf(lender, 'a3')).molt).toMatchObject({ participating: false, witness: true })
  })

  test('the meshes themselves have no connection with each other, and neither knows the other’s nodes', async () => {
    const ports = new Set(await Promise.all(['a1', 'a2', 'a3'].map((name) => meshPort(lender, name))))
    const borrowers = await meshPort(borrower, 'b1')
    const sockets = connectionsOf(borrower.get(0).pid)
    expect(sockets.length).toBeGreaterThanOrEqual(3)
    expect(sockets.filter(({ remotePort }) => ports.has(remotePort))).toEqual([])
    expect(
      lender.daemons.flatMap(({ pid }) => connectionsOf(pid)).filter((one) => one.remotePort === borrowers),
    ).toEqual([])
    expect(await borrower.get(0).json<readonly unknown[]>('node', 'list')).toHaveLength(1)
    const seen = await statusAt(borrower)
    const identity = (await borrower.get(0).json<readonly { id: string }[]>('node', 'list'))[0]?.id
    expect(seen.party).not.toBe(identity)
  })

  test('the issuer pays a node of the other mesh, to the µMOLT, and once for a key', async () => {
    const [issuer, buyer] = [lender.get(0), borrower.get(0)]
    const to = (await statusAt(borrower)).party ?? ''
    const pay = () => issuer.json<Paid>('molt', 'transfer', to, '12.000001', '--key', 'invoice-1', '--yes')

    const [first, again] = [await pay(), await pay()]

    expect(first).toMatchObject({ to, line: { sequence: 1 } })
    expect(again.line.sequence).toBe(1)
    const wallet = await issuer.json<Wallet>('molt', 'wallet')
    expect(wallet).toMatchObject({ balance: { micro: '-12000001' }, onItsWay: null, witnesses: { agree: true } })
    expect(await buyer.json('molt', 'balance')).toMatchObject({ balance: { micro: '12000001' }, isOwn: true })
    expect(await issuer.json('molt', 'balance', to)).toMatchObject({ balance: { micro: '12000001' }, isOwn: false })
    const other = await issuer.cli('--json', 'molt', 'transfer', to, '1', '--key', 'invoice-1', '--yes')
    expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: 'INVALID_REQUEST' } })
    const much = await buyer.cli(
      '--json',
      'molt',
      'transfer',
      (await statusAt(lender)).party ?? '',
      '12.000002',
      '--yes',
    )
    expect(JSON.parse(much.stderr)).toMatchObject({ error: { code: 'INSUFFICIENT_FUNDS' } })
  })

  test('statement, books, witnesses and file agree, and a file that was changed does not', async () => {
    const [issuer, buyer] = [lender.get(0), borrower.get(0)]
    const to = (await statusAt(borrower)).party ?? ''
    const { lines } = await buyer.json<{ lines: readonly unknown[] }>('molt', 'statement')
    expect(lines).toMatchObject([{ kind: 'issue', change: { micro: '12000001' }, balance: { micro: '12000001' } }])
    expect((await buyer.cli('molt', 'statement', '--export', 'csv')).stdout).toContain(',12000001,12000001,12000001,')
    const whole = { isWhole: true, balance: { micro: '12000001' } }
    expect(await buyer.json<Verdict>('molt', 'verify')).toMatchObject({ ...whole, of: 'books' })
    expect(await issuer.json<Verdict>('molt', 'verify', '--account', to)).toMatchObject({ ...whole, of: 'witnesses' })
    const text = (await buyer.cli('molt', 'statement', '--period', 'all', '--export', 'json')).stdout
    const file = join(borrower.directory, 'account.json')
    writeFileSync(file, text)
    expect(await issuer.json<Verdict>('molt', 'verify', file)).toMatchObject({ ...whole, of: 'file' })

    writeFileSync(file, text.replaceAll('"12000001"', '"92000001"'))
    const changed = await issuer.cli('--json', 'molt', 'verify', file)

    expect(changed.code).toBe(1)
    expect(JSON.parse(changed.stdout)).toMatchObject({
      isWhole: false,
      broken: { problem: 'it is not signed by who has the right to it' },
    })
  })

  test('with one of three witnesses killed payments go on; with two they wait, and go on when one is back', async () => {
    const issuer = lender.get(0)
    const to = (await statusAt(borrower)).party ?? ''
    await lender.get(2).end('SIGKILL')
    expect(await issuer.json<Paid>('molt', 'transfer', to, '1', '--key', 'one-less', '--yes')).toMatchObject({
      line: { sequence: 2, signed: 2 },
    })

    await lender.get(1).end('SIGKILL')
    const waits = await issuer.cli('molt', 'transfer', to, '2', '--key', 'two-less', '--yes')

    expect(waits.code).not.toBe(0)
    expect(waits.stderr).toContain('--key "two-less"')
    expect(waits.stderr).toContain('witnesses')
    await lender.get(1).start()
    await eventually(
      'the payment is through by itself',
      60_000,
      () => borrower.get(0).json<{ balance: Money }>('molt', 'balance'),
      ({ balance }) => balance.micro === '15000001',
    )
    const again = await issuer.json<Paid>('molt', 'transfer', to, '2', '--key', 'two-less', '--yes')
    expect(again.line.sequence).toBe(3)
    expect(await issuer.json<Verdict>('molt', 'verify')).toMatchObject({
      isWhole: true,
      balance: { micro: '-15000001' },
    })
    await lender.get(2).start()
  })

  test('a node takes part again after a restart, and no more after it has left', async () => {
    const before = await statusAt(borrower)
    await borrower.get(0).end()
    await borrower.get(0).start()
    const after = await eventually(
      'it is back among the witnesses',
      30_000,
      () => statusAt(borrower),
      ({ witnesses }) => witnesses.reachable === 3,
    )
    expect(after).toMatchObject({ mode: 'buy-only', party: before.party })

    const left = await borrower.get(0).json<Status>('molt', 'leave')

    expect(left).toMatchObject({ mode: null, connected: false, peers: 0 })
    await eventually(
      'the lender sees it no more',
      15_000,
      () => statusAt(lender),
      ({ strangers }) => strangers === 0,
    )
  })

  test('a file that was tampered with is refused', async () => {
    const file = join(lender.directory, 'lab.json')
    const network = JSON.parse(readFileSync(file, 'utf8')) as { genesis: { witnesses: string[] } }
    network.genesis.witnesses[0] = 'nobody'
    const bad = join(lender.directory, 'bad.json')
    writeFileSync(bad, JSON.stringify(network))
    const refused = await borrower.get(0).cli('--json', 'molt', 'network', 'join', bad)
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'MOLT_NETWORK_INVALID' } })
  })
})
