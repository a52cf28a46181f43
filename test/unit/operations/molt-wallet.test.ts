import { beforeEach, describe, expect, test } from 'vitest'
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import { type Books, emptyBooks, enter, spendableIn } from '../../../src/core/molt/books.ts'
import { marksOf } from '../../../src/core/molt/market/reputation.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../src/operations/registry.ts'
import type { WalletView } from '../../../src/services/molt/wallet-door.ts'
import { ada, bob, cyd } from '../../support/control-samples.ts'
import {
  counted,
  customer as other,
  genesis,
  issuer as owner,
  network,
  ordered,
} from '../../support/molt/one-witness.ts'
import { nothingKept } from '../../support/no-volumes.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

const { signal } = new AbortController()
let mesh: OperationsMesh
let service: OperationService
let books: Books
let paid: number
/** Of whom it was to be found out what others have closed with them. */
let asked: string[]
/** Of the witness, where it is silent. */
let silence: ClawError | null

/** Writes into its books what it pays, signed as it has to be; there is no network in between. */
const bank: WalletView['bank'] = {
  get books() {
    return books
  },
  get spendable() {
    return spendableIn(books, network)
  },
  keeper: {
    entries: async () => [
      { type: 'begun', network: network.id, account: owner.id, at: 0 },
      ...books.lines.map(({ line, at }) => ({ type: 'final' as const, line, at })),
    ],
  },
  async receive() {
    if (silence !== null) throw silence
  },
  async read(account) {
    if (silence !== null) throw silence
    const { balance, sequence, head } = books
    return { account, balance, sequence, head, last: null, answered: 1 }
  },
  async pay({ outputs, purpose }) {
    const known = books.byPurpose.get(purpose)
    if (known !== undefined) return known.line
    const spend = { account: owner.id, sequence: books.sequence + 1, previous: books.head, outputs: [...outputs] }
    const order = ordered(spend, owner)
    books = enter(books, { type: 'proposed', order, purpose, at: 5 })
    if (silence !== null) throw silence
    const line = counted(order)
    books = enter(books, { type: 'final', line, at: 5 })
    paid += 1
    return line
  },
}

beforeEach(async () => {
  books = emptyBooks(network.id, owner.id)
  paid = 0
  asked = []
  silence = null
  mesh = new OperationsMesh([ada, bob, cyd])
  const closedOut = new Set([owner.id])
  const view = {
    network,
    account: owner.id,
    bank,
    closedOut,
    disputes: { all: () => [] } as never,
    reputations: {
      learn: async (party: string) => void asked.push(party),
      marks: marksOf({ deals: [], self: owner.id, closedOut, now: 5 }),
      partners: () => [],
    },
    lines: async () => ({ sent: books.sent, received: books.received }),
  }
  mesh.trades.set(ada, { wallet: { view: () => view } })
  mesh.molts.set(ada, { ...nothingKept.molt, plane: () => ({ name: 'lab' }) as never })
  mesh.apply({
    ...{ type: 'set-molt-network', bootstrap: [] },
    genesis: { ...genesis, issuers: [{ account: owner.id, limit: '50000000' }] },
  })
  mesh.apply({ type: 'report-molt', node: bob, part: { party: other.id, mode: null, since: 1, addresses: [] } })
  service = await mesh.service(ada)
})

const run = <Name extends UnaryName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> =>
  play(mesh.world, service.invoke(name, input, { caller: admin, signal })) as Promise<OutputOf<Name>>

describe('a transfer', () => {
  test('goes to a node by its name, to the µMOLT, and is in statement and books', async () => {
    const done = await run('molt.transfer', { to: 'bob', amount: '12.000001' })
    expect(done).toMatchObject({
      ...{ isPaid: true, to: other.id, toNode: 'bob', amount: { micro: '12000001' } },
      ...{ spendable: { micro: '37999999' }, line: { sequence: 1, signed: 1 } },
    })
    const { lines } = await run('molt.statement', { period: 'all' })
    expect(lines).toMatchObject([{ kind: 'issue', change: { micro: '-12000001' }, purpose: `transfer ${done.key}` }])
    expect(await run('molt.verify', {})).toMatchObject({ of: 'books', isWhole: true, balance: { micro: '-12000001' } })
  })

  test('is paid once for a key, and another one with it is refused', async () => {
    const wanted = { to: other.id, amount: '1', key: 'invoice' }
    const [one, two] = [await run('molt.transfer', wanted), await run('molt.transfer', wanted)]
    expect([one.line, paid]).toEqual([two.line, 1])
    await expect(run('molt.transfer', { ...wanted, amount: '2' })).rejects.toMatchObject({
      ...{ code: 'INVALID_REQUEST', message: expect.stringContaining('1.00 MOLT') },
    })
    await expect(run('molt.transfer', { ...wanted, to: newIdentity().id })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(paid).toBe(1)
  })

  test('that is only looked at pays nothing', async () => {
    expect(await run('molt.transfer', { to: 'bob', amount: '1', dryRun: true })).toMatchObject({
      ...{ isPaid: false, line: null, spendable: { micro: '49000000' } },
    })
    expect(paid).toBe(0)
  })

  test.each([
    ['nothing', { to: 'bob', amount: '0' }, 'INVALID_REQUEST', 'nothing is to be paid'],
    ['what is no amount', { to: 'bob', amount: '1.0000001' }, 'INVALID_REQUEST', 'is no amount'],
    ['to itself', { to: owner.id, amount: '1' }, 'INVALID_REQUEST', 'the account itself'],
    ['to a node without an account', { to: 'cyd', amount: '1' }, 'INVALID_REQUEST', 'takes no part'],
    ['to the beginning of a name', { to: 'bo', amount: '1' }, 'INVALID_REQUEST', 'neither an account'],
    ['more than there is', { to: 'bob', amount: '50.000001' }, 'INSUFFICIENT_FUNDS', '50.00 MOLT'],
  ])('is refused: %s', async (_, input, code, message) => {
    await expect(run('molt.transfer', input)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    expect(paid).toBe(0)
  })
})

describe('a wallet', () => {
  test('shows what is on its way while too few witnesses answer', async () => {
    silence = new ClawError('NO_QUORUM', { what: 'a payment', answered: 0, needed: 1 })
    const transfer = run('molt.transfer', { to: 'bob', amount: '2', key: 'slow' })
    await expect(transfer).rejects.toMatchObject({ code: 'NO_QUORUM' })
    expect(await run('molt.wallet', {})).toMatchObject({
      ...{ balance: { micro: '0' }, spendable: { micro: '48000000' }, limit: { micro: '50000000' } },
      onItsWay: { sequence: 1, to: [other.id], amount: { micro: '2000000' }, key: 'slow' },
      ...{ witnesses: null, problem: silence.message },
    })
  })

  test('says whether the witnesses say the same', async () => {
    await run('molt.transfer', { to: 'bob', amount: '2' })
    expect((await run('molt.wallet', {})).witnesses).toMatchObject({ answered: 1, agree: true })
  })

  test('is not there while the node is in no network', async () => {
    await service.stop()
    mesh.trades.clear()
    service = await mesh.service(ada)
    await expect(run('molt.wallet', {})).rejects.toMatchObject({ code: 'MOLT_NOT_CONNECTED' })
  })
})

test('of whom nothing was closed nothing is known, and whoever contradicts itself is named', async () => {
  expect(await run('molt.reputation', {})).toEqual([])
  expect(asked).toEqual([])
  expect(await run('molt.reputation', { party: 'bob' })).toMatchObject([
    { party: other.id, role: 'buyer', score: null, isClosedOut: false, closed: { agreed: 0 } },
    { party: other.id, role: 'provider', score: null, good: 0, bad: 0 },
  ])
  expect(await run('molt.reputation', { party: owner.id })).toMatchObject([
    { isClosedOut: true },
    { isClosedOut: true },
  ])
  expect(asked).toEqual([other.id, owner.id])
})
