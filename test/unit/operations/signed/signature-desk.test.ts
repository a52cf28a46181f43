import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { Nonces } from '../../../../src/operations/signed/nonces.ts'
import type { SignedAhead } from '../../../../src/operations/signed/signed-ahead.ts'
import { forgetful } from '../../../../src/operations/signed/signed-ahead.ts'
import { SignatureDesk } from '../../../../src/operations/signed/signature-desk.ts'
import type { SignedRequest } from '../../../../src/wire/signed-request.ts'
import { ada, Book, found, newMember, token, admit, bob } from '../../../support/control-samples.ts'
import { signingOperator } from '../../../support/signing.ts'

const operator = signingOperator(1, 'mesh-0123')

interface Conditions {
  readonly nonces?: Nonces
  readonly skew?: number
  readonly since?: number
  readonly ahead?: SignedAhead
}

function desk({ nonces, skew = 0, since = 0, ahead = forgetful }: Conditions = {}) {
  const book = new Book()
  for (const command of [found(), token('t'), admit('t', newMember(bob))]) book.run(command)
  book.run({ type: 'add-operator', key: operator.id, name: 'ada' })
  const now = { at: Date.now() + skew }
  const made = new SignatureDesk(
    {
      ...{ state: () => book.state, verifier: createVerifier(), clock: { now: () => now.at } },
      ...{ since, ahead, self: () => 'gpu-1', parse: (_: string, input: unknown) => input },
    },
    nonces,
  )
  return { desk: made, book, now }
}

const passed = (request: SignedRequest, parts: object = {}) =>
  ({
    name: request.operation,
    input: JSON.parse(request.input),
    from: bob,
    isMeant: true,
    isRead: false,
    isOnce: false,
    ...parts,
  }) as const

const refused = { code: 'AUTH_FAILED' }

test('given a request that an operator signed, it is taken once', () => {
  const { desk: at } = desk()
  const request = operator.sign('workload.exec', { workload: 'a', command: ['id'] })
  expect(at.take(request)).toBe(request)
  expect(() => at.take(request)).toThrow(
    expect.objectContaining({ code: 'AUTH_FAILED', message: expect.stringContaining('made before') }),
  )
})

test('given a request of somebody who is no operator, or is none any more, it is refused', () => {
  const { desk: at, book } = desk()
  expect(() => at.take(signingOperator(2, 'mesh-0123').sign('status', {}))).toThrow(expect.objectContaining(refused))
  book.run({ type: 'remove-operator', key: operator.id })
  expect(() => at.take(operator.sign('status', {}))).toThrow(expect.objectContaining(refused))
  const request = operator.sign('status', {})
  expect(() => at.takePassedOn(request, passed(request))).toThrow(expect.objectContaining(refused))
})

test('given a request in which anything was changed, it is refused', () => {
  const { desk: at } = desk()
  const request = operator.sign('workload.run', { image: 'busybox' })
  const changes: readonly Partial<SignedRequest>[] = [
    { operation: 'workload.stop' },
    { input: '{"image":"evil"}' },
    { mesh: 'mesh-4567' },
    { created: request.created + 1 },
    { nonce: `${request.nonce.slice(0, -1)}${request.nonce.endsWith('A') ? 'B' : 'A'}` },
    { key: signingOperator(2, 'mesh-0123').id },
    { key: nodeId('nobody') },
    { signature: new Uint8Array(64) },
    { signature: new Uint8Array(0) },
  ]
  for (const change of changes)
    expect(() => at.take({ ...request, ...change }), JSON.stringify(change)).toThrow(expect.objectContaining(refused))
})

test('given a request for another mesh of the same operator, it is refused', () => {
  const { desk: at } = desk()
  const request = signingOperator(1, 'mesh-4567').sign('status', {})
  expect(() => at.take(request)).toThrow(
    expect.objectContaining({ code: 'AUTH_FAILED', facts: expect.objectContaining({ mesh: 'mesh-0123' }) }),
  )
})

test.each([90_000, -90_000])('given clocks that are %i ms apart, it is said so', (skew) => {
  const { desk: at } = desk({ skew })
  expect(() => at.take(operator.sign('status', {}))).toThrow(
    expect.objectContaining({ code: 'CLOCK_SKEW', facts: expect.objectContaining({ peer: 'gpu-1' }) }),
  )
})

test('given clocks that are 50 s apart, it is taken', () => {
  for (const skew of [50_000, -50_000]) expect(desk({ skew }).desk.take(operator.sign('status', {}))).toBeTruthy()
})

test('what was used is remembered for as long as it could be used again, and no longer', () => {
  const nonces = new Nonces({ all: 2, ofKey: 2, certain: 0 })
  const of = (nonce: string) => ({ key: operator.id, nonce })
  nonces.use(of('a'), 'x', { now: 0, until: 120_000 })
  nonces.use(of('b'), 'x', { now: 60_000, until: 180_000 })
  expect([...nonces.uses(of('a'), 120_000)]).toEqual(['x'])
  expect(() => nonces.use(of('c'), 'x', { now: 120_000, until: 240_000 })).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED' }),
  )
  nonces.use(of('c'), 'x', { now: 120_001, until: 240_001 })
  expect(nonces.uses(of('a'), 120_001).size).toBe(0)
})

test('given any keys that use whatever they may, each has its share, what was used stays used, and there is an end to it', () => {
  const limits = { all: 12, ofKey: 8, certain: 2 }
  const keys = ['ada', 'bob', 'cyd', 'dan', 'eve'].map(nodeId)
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 80 }), (order) => {
      const nonces = new Nonces(limits)
      const span = { now: 0, until: 1 }
      const taken = order.filter((key, i) => {
        try {
          nonces.use({ key, nonce: `n${i}` }, 'x', span)
          return true
        } catch (error) {
          expect(error).toMatchObject({ code: 'RATE_LIMITED' })
          return false
        }
      })
      expect(taken.length).toBeLessThanOrEqual(limits.all + limits.certain * keys.length)
      for (const key of keys) {
        const count = taken.filter((one) => one === key).length
        expect(count).toBeLessThanOrEqual(limits.ofKey)
        const asked = order.filter((one) => one === key).length
        expect(count).toBeGreaterThanOrEqual(Math.min(asked, limits.certain))
      }
    }),
  )
})

test('given a peer that was started again, nothing that it may have carried out before is carried out again', () => {
  const request = operator.sign('workload.exec', { workload: 'a', command: ['id'] })
  const { desk: before } = desk()
  expect(before.take(request)).toBe(request)
  const { desk: after } = desk({ since: request.created * 1_000 + 300 })
  const again = { code: 'AUTH_FAILED', message: expect.stringContaining('before this peer was started') as string }
  expect(() => after.take(request)).toThrow(expect.objectContaining(again))
  expect(() => after.takePassedOn(request, passed(request))).toThrow(expect.objectContaining(again))
  // What the mesh does once, and what changes nothing, may come again.
  expect(after.take(request, true)).toBe(request)
  expect(after.takePassedOn(request, passed(request, { isOnce: true }))).toBe(request)
})

test('given an operator whose clock is ahead, a restart does not make what was signed before it new', () => {
  const kept = new Map<string, number>()
  const ahead = (before: ReadonlyMap<string, number>): SignedAhead => ({
    until: (key) => before.get(key) ?? 0,
    note: (key, created) => void kept.set(key, created),
  })
  const request = operator.sign('workload.exec', { workload: 'a', command: ['id'] })
  const { desk: before } = desk({ skew: -30_000, ahead: ahead(new Map()) })
  before.take(request)
  const since = Date.now() - 25_000
  const { desk: after } = desk({ skew: -24_000, since, ahead: ahead(new Map(kept)) })
  expect(() => after.take(request)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }))
  expect(() => desk({ skew: -24_000, since }).desk.take(request)).not.toThrow()
})

test('given a request that was carried out here, however it came, it is not carried out when it comes in the other way', () => {
  const { desk: at } = desk()
  const invocation = () => operator.sign('node.invoke', { node: 'bob', command: 'system.run', params: {} })
  const [first, second] = [invocation(), invocation()]
  at.take(first)
  expect(() => at.takePassedOn(first, passed(first))).toThrow(expect.objectContaining(refused))
  at.takePassedOn(second, passed(second))
  expect(() => at.take(second)).toThrow(expect.objectContaining(refused))
})

test('given a request that an honest member would not have brought here, it is refused', () => {
  const { desk: at } = desk()
  const request = operator.sign('gpu.list', {})
  expect(() => at.takePassedOn(request, passed(request, { isRead: true, isMeant: false }))).toThrow(
    expect.objectContaining(refused),
  )
})

test('given a request that is passed on, the same is done once, a read any number of times, and a change as often as it is asked', () => {
  const { desk: at } = desk()
  const request = operator.sign('node.invoke', { node: 'bob', command: 'system.run', params: {} })
  expect(at.takePassedOn(request, passed(request))).toBe(request)
  expect(() => at.takePassedOn(request, passed(request))).toThrow(expect.objectContaining(refused))
  const read = operator.sign('gpu.list', { node: 'bob' })
  const change = operator.sign('workload.stop', { workload: 'a' })
  for (let count = 0; count < 3; count += 1) {
    expect(at.takePassedOn(read, passed(read, { isRead: true }))).toBe(read)
    expect(at.takePassedOn(change, passed(change, { isOnce: true }))).toBe(change)
  }
})

test('given a request that is passed on as another, it is refused', () => {
  const { desk: at } = desk()
  const request = operator.sign('workload.run', { image: 'busybox' })
  for (const asked of [{ name: 'node.remove', input: { node: ada } }, { input: { image: 'evil' } }])
    expect(() => at.takePassedOn(request, passed(request, asked))).toThrow(expect.objectContaining(refused))
})

test('given a look that goes on for long, it may move on to another node, but begins nothing else after its time', () => {
  const { desk: at, now } = desk()
  const request = operator.sign('log.search', { search: 'x', node: 'bob' })
  const part = passed(request, { name: 'log.scan', input: { node: bob, filter: {}, limit: 1 }, isRead: true })
  now.at += 3_600_000
  expect(at.takePassedOn(request, part)).toBe(request)
  expect(() => at.takePassedOn(request, passed(request, { isRead: true }))).toThrow(
    expect.objectContaining({ code: 'CLOCK_SKEW' }),
  )
  now.at += 25 * 3_600_000
  expect(() => at.takePassedOn(request, part)).toThrow(expect.objectContaining({ code: 'CLOCK_SKEW' }))
})
