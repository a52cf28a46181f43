import { beforeEach, describe, expect, test } from 'vitest'
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../src/operations/registry.ts'
import { lendingOf } from '../../../src/core/molt/market/lending.ts'
import type { Lent } from '../../../src/core/molt/market/lent.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { day } from '../../../src/model/time.ts'
import { LendingDoor } from '../../../src/services/molt/lending/lending-door.ts'
import type { LendingView } from '../../../src/services/molt/lending/types.ts'
import type { MoltMode } from '../../../src/model/molt.ts'
import { ClawError } from '../../../src/model/failure.ts'
import { ada, bob, cyd } from '../../support/control-samples.ts'
import { nothingKept } from '../../support/no-volumes.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

const nodes = [ada, bob, cyd]
const keys = new Map(nodes.map((node) => [node, newIdentity().id]))
const keyOf = (node: NodeId): string => keys.get(node) ?? ''
const { signal } = new AbortController()
let mesh: OperationsMesh
let services: OperationService[]
let joined: (readonly [node: NodeId, mode: MoltMode])[]

/** Those that are up. */
async function start(up: readonly NodeId[] = nodes): Promise<void> {
  joined = []
  mesh = new OperationsMesh(nodes)
  mesh.voters = nodes
  for (const node of up)
    mesh.molts.set(node, {
      ...nothingKept.molt,
      identity: async () => keys.get(node) ?? node,
      join: async (mode) => void joined.push([node, mode]),
    })
  services = await Promise.all(up.map((node) => mesh.service(node)))
  await mesh.world.runFor(1_000)
}
beforeEach(() => start())

const run = <Name extends UnaryName>(name: Name, input: InputOf<Name>, at = 0): Promise<OutputOf<Name>> =>
  play(
    mesh.world,
    services[at]?.invoke(name, input, { caller: admin, signal }) ?? Promise.reject(new Error('no such service')),
  ) as Promise<OutputOf<Name>>

/** As if the host of the node were up and had told its mesh. */
const isAt = (node: NodeId, ...hosts: readonly string[]): void =>
  mesh.apply({
    ...{ type: 'report-molt', node },
    part: {
      ...{ party: keys.get(node) ?? node, mode: null, since: 1 },
      addresses: hosts.map((host) => `/ip4/${host}/tcp/4711/p2p/${keyOf(node)}`),
    },
  })

describe('a MOLT network', () => {
  test('has all voters for witnesses, and the node that makes it for its issuer', async () => {
    const made = await run('moltnetwork.create', { credit: '12.5', feeBps: 250 }, 1)
    expect(made.witnesses.map(({ party }) => party).toSorted()).toEqual([...keys.values()].toSorted())
    expect(made).toMatchObject({ quorum: 2, faulty: 0, feePercent: 2.5, feeTo: keyOf(bob), silent: [] })
    expect(made.issuers).toEqual([{ account: keyOf(bob), limit: '12500000', inWords: '12.50 MOLT' }])
  })

  test('is made without a voter that is down, and says so', async () => {
    await start([ada, bob])
    const made = await run('moltnetwork.create', {})
    expect(made.witnesses.map(({ party }) => party).toSorted()).toEqual([keyOf(ada), keyOf(bob)].toSorted())
    expect(made.silent).toMatchObject([{ node: 'cyd' }])
  })

  test('is not made without a majority of the voters', async () => {
    await start([ada])
    const facts = { answered: 1, voters: 3, silent: 'bob, cyd' }
    await expect(run('moltnetwork.create', {})).rejects.toMatchObject({ code: 'MOLT_TOO_FEW_WITNESSES', facts })
    expect(mesh.book.state.moltNetwork).toBe(null)
  })

  test('is made by nobody who may have missed one, or who votes: neither by name, nor by taking part', async () => {
    mesh.failure = new ClawError('NO_LEADER', { detail: 'nobody leads' })
    await expect(run('moltnetwork.create', {})).rejects.toMatchObject({ code: 'NO_LEADER' })
    await expect(run('molt.join', { mode: 'buy-only' })).rejects.toMatchObject({ code: 'NO_LEADER' })
    expect(joined).toEqual([])
  })

  test('made twice at once is the one that came first, and the other is told which that is', async () => {
    const ends = await Promise.allSettled([
      run('moltnetwork.create', { name: 'one' }),
      run('moltnetwork.create', { name: 'two' }, 1),
    ])
    const made = ends.filter(({ status }) => status === 'fulfilled')
    const lost = ends.find((end) => end.status === 'rejected')
    expect(made).toHaveLength(1)
    const standing = mesh.book.state.moltNetwork
    expect(lost?.reason).toMatchObject({
      ...{ code: 'MOLT_NETWORK_EXISTS', facts: { network: standing?.id, name: standing?.genesis.name } },
    })
  })

  test.each([
    ['an amount that is none', { credit: '-1' }, 'is no amount'],
    ['a name that is none', { name: 'Not A Name' }, 'name'],
    ['more liars than witnesses can bear', { faulty: 1 }, 'at most 0 may lie'],
  ])('is not made with %s', async (_, rules, problem) => {
    await expect(run('moltnetwork.create', rules)).rejects.toMatchObject({
      ...{ code: 'INVALID_REQUEST', message: expect.stringContaining(problem) },
    })
  })

  test('is handed on once a witness has said where it is, without what only itself can reach', async () => {
    await run('moltnetwork.create', {})
    await expect(run('moltnetwork.export', {})).rejects.toMatchObject({ code: 'MOLT_NOT_CONNECTED' })
    isAt(bob, '127.0.0.1', '10.0.0.2')
    isAt(cyd, '127.0.0.1')
    const { bootstrap } = await run('moltnetwork.export', {})
    expect(bootstrap.toSorted()).toEqual(
      [`/ip4/10.0.0.2/tcp/4711/p2p/${keyOf(bob)}`, `/ip4/127.0.0.1/tcp/4711/p2p/${keyOf(cyd)}`].toSorted(),
    )
  })

  test('is handed on by one that was asked before a witness had said where it is', async () => {
    await run('moltnetwork.create', {})
    const asked = run('moltnetwork.export', {})
    isAt(bob, '10.0.0.2')
    expect((await asked).bootstrap).toEqual([`/ip4/10.0.0.2/tcp/4711/p2p/${keyOf(bob)}`])
  })

  test('is the same network in the mesh that joins it, and none after it has left', async () => {
    const made = await run('moltnetwork.create', {})
    isAt(ada, '10.0.0.1')
    const network = await run('moltnetwork.export', {})
    await start()
    expect(await run('moltnetwork.join', { network })).toMatchObject({ id: made.id, by: 'socket' })
    expect((await run('moltnetwork.export', {})).bootstrap).toEqual(network.bootstrap)
    expect(await run('moltnetwork.leave', {})).toMatchObject({ id: made.id, left: true })
    await expect(run('moltnetwork.info', {})).rejects.toMatchObject({ code: 'MOLT_NO_NETWORK' })
  })

  test.each([
    ['of another format', { format: 'something' }, 'format'],
    ['with rules that are none', { genesis: {} }, 'name'],
    [
      'without an address of a witness',
      { bootstrap: [`/ip4/10.0.0.1/tcp/1/p2p/${newIdentity().id}`] },
      'says of no witness',
    ],
    ['with what is no address', { bootstrap: ['/ip4/10.0.0.1'] }, 'address that is none'],
  ])('is not joined from a file %s', async (_, change, problem) => {
    await run('moltnetwork.create', {})
    isAt(ada, '10.0.0.1')
    const network = { ...(await run('moltnetwork.export', {})), ...change }
    await start()
    await expect(run('moltnetwork.join', { network })).rejects.toMatchObject({
      ...{ code: 'MOLT_NETWORK_INVALID', message: expect.stringContaining(problem) },
    })
  })
})

describe('a node', () => {
  test('that joins in a mesh without a network makes one first, wherever it was asked', async () => {
    await run('molt.join', { mode: 'moderate', node: 'bob' })
    expect(joined).toEqual([[bob, 'moderate']])
    expect(mesh.book.state.moltNetwork?.genesis.issuers[0]?.account).toBe(keyOf(bob))
    await run('molt.join', { mode: 'buy-only' })
    expect(joined).toEqual([
      [bob, 'moderate'],
      [ada, 'buy-only'],
    ])
  })

  test('says whom it reaches, and which nodes of its mesh take part', async () => {
    await run('moltnetwork.create', { name: 'lab' })
    isAt(bob, '10.0.0.2')
    const stranger = newIdentity().id
    mesh.molts.set(ada, {
      ...nothingKept.molt,
      status: () => ({
        ...{ part: { mode: 'moderate', since: 5 }, party: keys.get(ada) ?? ada, isWitness: true, isConnected: true },
        ...{ problem: null, peers: [keys.get(bob) ?? bob, stranger], addresses: [] },
      }),
    })
    await services[0]?.stop()
    services = [await mesh.service(ada)]
    expect(await run('molt.status', {})).toMatchObject({
      ...{ node: 'ada', mode: 'moderate', witness: true, connected: true, peers: 2, strangers: 1 },
      network: { name: 'lab' },
      witnesses: { reachable: 2, all: 3, quorum: 2, isEnough: true },
      // Of itself it knows what the mesh was not told yet.
      nodes: [
        { node: 'bob', mode: null, party: keyOf(bob) },
        { node: 'ada', mode: 'moderate', party: keyOf(ada) },
      ],
    })
    expect((await run('node.info', { node: 'bob' })).molt).toEqual({
      ...{ participating: false, mode: null, party: keyOf(bob), witness: true },
    })
  })
})

describe('a node that lends', () => {
  const lends = (parts: Partial<LendingView>): void => {
    mesh.molts.set(ada, {
      ...{ ...nothingKept.molt, plane: () => ({ network: { feeBps: 250, feeTo: bob } }) as never },
      status: () => ({ ...nothingKept.molt.status(), part: { mode: 'moderate', since: 5 }, isConnected: true }),
    })
    const door = new LendingDoor({ readBlob: async () => null, writeBlob: async () => undefined })
    door.show({
      ...{ rules: () => lendingOf('moderate'), leases: () => [], history: () => [], offers: () => [] },
      ...{ isolation: () => ['runc'], unclean: () => [], ...parts },
    } as LendingView)
    mesh.trades.set(ada, { lending: door })
  }
  const status = async () => {
    await services[0]?.stop()
    services = [await mesh.service(ada)]
    return (await run('molt.status', {})).lending
  }

  test('says what it offers, what is lent, what it has earned today, and what keeps it from lending', async () => {
    const lent = (closedAt: number): Lent => ({
      ...{
        agreement: 'a'.repeat(64),
        buyer: bob,
        gpus: 1,
        model: 'H100',
        rate: 1n,
        gpuMillis: 1n,
        startsAt: 1,
        closedAt,
      },
      ...{ why: 'completed', how: 'agreed', paid: 2_000_000n },
    })
    await mesh.world.runFor(2 * day)
    const now = mesh.world.now()
    const lease = (state: string) => ({
      lease: { state, devices: ['GPU-1'], isStopped: false, meter: { vouched: 5n } },
    })
    lends({
      offers: () => [{ free: 3 }, { free: 1 }] as never,
      leases: () => [lease('bid'), lease('running'), lease('closed')] as never,
      history: () => [lent(now - (now % day) - 1), lent(now - (now % day)), lent(now)],
    })
    expect(await status()).toMatchObject({
      ...{ offers: 2, offered: 4, bids: 1, leases: 1, lent: 1 },
      ...{ earnedToday: { micro: '3900000' }, pending: { micro: '5' } },
      problems: ['this node has no way to keep guests apart that the policy allows'],
    })
  })

  test('that lends nothing, and one that is in no network, have nothing to say of it', async () => {
    lends({ rules: () => null })
    expect(await status()).toBeNull()
    mesh.trades.delete(ada)
    expect(await status()).toBeNull()
  })

  test('is told at once that it cannot lend for nothing', async () => {
    const policy = { prices: { '*': '2', H100: '0.0 MOLT' } }
    for (const name of ['moltpolicy.set', 'moltpolicy.validate'] as const)
      await expect(run(name, { policy })).rejects.toMatchObject({
        ...{ code: 'INVALID_REQUEST', message: expect.stringContaining('H100 cannot be lent for nothing') as string },
      })
  })
})
