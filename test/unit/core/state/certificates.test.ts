import { beforeEach, describe, expect, test } from 'vitest'
import { dueAt, lacking, renewalOf } from '../../../../src/core/ingress/certificates.ts'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { CommandSchema } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import type { HostCertificate } from '../../../../src/model/certificate.ts'
import { noKey } from '../../../../src/model/certificate.ts'
import { type NodeId, nodeId } from '../../../../src/model/ids.ts'
import { day, hour, minute } from '../../../../src/model/time.ts'
import { rangeText } from '../../../../src/model/version.ts'
import {
  ada,
  admit,
  bob,
  type Book,
  cyd,
  inventory,
  meshOf,
  newMember,
  refusal,
  token,
} from '../../../support/control-samples.ts'
import { create } from '../../../support/deployment-samples.ts'

const host = 'app.example.org'
const chain = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
let book: Book
let now: number

const route = (name: string, at: string, more: object = {}): Command => ({
  ...{ type: 'create-ingress', namespace: 'default', name, host: at, path: '/', deployment: 'web', strip: false },
  ...{ nodes: {}, ...more },
})
const own = (type: string, node: NodeId, more: object = {}): Command => ({ type, host, node, ...more }) as Command
const run = (command: Command): string | null => refusal(book.run(command, { at: now }))
const wait = (span: number): void => void (now += span)
const known = (): HostCertificate | undefined => book.state.certificates.get(host)
const keep = (node: NodeId, keys: object): Command => {
  const notBefore = book.state.at
  return own('keep-certificate', node, { chain, notBefore, notAfter: notBefore + 90 * day, keys })
}

beforeEach(() => {
  now = 10_000
  book = meshOf([ada, bob, cyd], 8)
  const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
  for (const node of [ada, bob, cyd])
    book.run({ type: 'report-inventory', node, inventory: inventory(node, 8, { versions }) })
  book.run({ type: 'raise-version', version: 2 })
  const made = create({ service: { port: 9_000, targetPort: 8_080 } })
  book.run({ ...made, name: 'web' })
  expect(run(route('site', host, { acme: true }))).toBeNull()
  expect(run({ type: 'serve-certificates', node: ada, orders: true })).toBeNull()
  expect(run({ type: 'serve-certificates', node: bob, orders: true })).toBeNull()
})

describe('given a host that needs a certificate', () => {
  test('one node at a time orders, and only who may and for what is wanted', () => {
    expect(run(own('order-certificate', cyd))).toBe('CERTIFICATE_NOT_DUE')
    expect(run({ type: 'order-certificate', host: 'other.org', node: ada })).toBe('CERTIFICATE_NOT_DUE')
    expect(run(own('order-certificate', ada))).toBeNull()
    expect(run(own('order-certificate', bob))).toBe('CERTIFICATE_NOT_DUE')
    expect(run(own('answer-certificate', bob, { token: 't', answer: 't.x' }))).toBe('CERTIFICATE_NOT_DUE')
    expect(run(own('answer-certificate', ada, { token: 't', answer: 't.x' }))).toBeNull()
    expect(known()?.turn?.challenges).toEqual([{ token: 't', answer: 't.x' }])
    expect(restore(snapshot(book.state))).toEqual(book.state)
    // Whoever was stopped in the middle waits like the others.
    expect(run(own('order-certificate', ada))).toBe('CERTIFICATE_NOT_DUE')
    wait(16 * minute)
    expect(run(own('order-certificate', bob))).toBeNull()
    expect(known()?.turn?.challenges).toEqual([])
    expect(run(keep(ada, {}))).toBe('CERTIFICATE_NOT_DUE')
  })

  test('what came is kept for two thirds of its life, and over snapshots', () => {
    run(own('order-certificate', ada))
    expect(run(keep(ada, { [ada]: 'sealed' }))).toBeNull()
    const { shown = null } = known() ?? {}
    expect(shown).toMatchObject({ chain, orderedBy: ada })
    expect(renewalOf({ notBefore: 0, notAfter: 90 * day })).toBe(60 * day)
    expect(restore(snapshot(book.state))).toEqual(book.state)
    wait(59 * day)
    expect(run(own('order-certificate', bob))).toBe('CERTIFICATE_NOT_DUE')
    wait(2 * day)
    expect(run(own('order-certificate', bob))).toBeNull()
    // Until another has come.
    expect(known()?.shown).toEqual(shown)
  })

  test('what is said to be good until no calendar knows when is refused, and where a log has it, it ends nobody', () => {
    const between = (notBefore: number, notAfter: number): Command =>
      own('keep-certificate', ada, { chain, keys: {}, notBefore, notAfter })
    const isCommand = (command: Command): boolean => CommandSchema.safeParse(command).success
    expect(isCommand(between(0, 8.64e15))).toBe(true)
    expect([between(0, 1e300), between(0, 8.64e15 + 2), between(5, 5), between(6, 5)].filter(isCommand)).toEqual([])
    run(own('order-certificate', ada))
    expect(run(between(0, 1e300))).toBeNull()
    expect(known()?.shown?.notAfter).toBe(1e300)
  })

  test('an order that nobody hears of again counts as one that came to nothing', () => {
    for (const rest of [15 * minute, 30 * minute, hour]) {
      expect(run(own('order-certificate', ada))).toBeNull()
      wait(rest - minute)
      expect(run(own('order-certificate', ada))).toBe('CERTIFICATE_NOT_DUE')
      wait(2 * minute)
    }
    expect(known()?.failures).toBe(3)
  })

  test('after each failure in a row nobody orders for longer, unless somebody has seen to it', () => {
    for (const rest of [15 * minute, 30 * minute, hour]) {
      expect(run(own('order-certificate', ada))).toBeNull()
      expect(run(own('fail-certificate', ada, { problem: 'nobody is there' }))).toBeNull()
      wait(rest - minute)
      expect(run(own('order-certificate', bob))).toBe('CERTIFICATE_NOT_DUE')
      wait(2 * minute)
    }
    expect(known()).toMatchObject({ failures: 3, problem: 'nobody is there' })
    run(own('order-certificate', ada))
    run(own('fail-certificate', ada, { problem: 'nobody is there' }))
    run({ type: 'update-ingress', namespace: 'default', name: 'site', acme: true })
    expect(run(own('order-certificate', bob))).toBeNull()
    expect(run(keep(bob, { [bob]: 'sealed' }))).toBeNull()
    expect(known()).toMatchObject({ failures: 0, problem: null, turn: null })
  })
})

describe('given a certificate that is shown', () => {
  beforeEach(() => {
    run(own('order-certificate', ada))
    run(keep(ada, { [ada]: 'of ada' }))
  })

  test('who has the key shares it with those that take requests for the host, and with nobody else', () => {
    expect(lacking(book.state, known() as HostCertificate)).toEqual([bob])
    expect(run(own('share-certificate', bob, { keys: { [bob]: 'x' } }))).toBe('CERTIFICATE_NOT_DUE')
    expect(
      run(own('share-certificate', ada, { keys: { [ada]: 'other', [bob]: 'of bob', [cyd]: 'of cyd' } })),
    ).toBeNull()
    expect(known()?.shown?.keys).toEqual({ [ada]: 'of ada', [bob]: 'of bob' })
    run({ type: 'update-ingress', namespace: 'default', name: 'site', nodes: { zone: 'edge' } })
    run({ type: 'serve-certificates', node: cyd, orders: false })
    expect(lacking(book.state, known() as HostCertificate)).toEqual([])
  })

  test('when a member that has the key is removed, then another is ordered at once', () => {
    run(own('share-certificate', ada, { keys: { [bob]: 'of bob' } }))
    expect(run(own('order-certificate', ada))).toBe('CERTIFICATE_NOT_DUE')
    run({ type: 'remove-member', node: bob, force: true })
    expect(book.state.tlsNodes.has(bob)).toBe(false)
    expect(dueAt(book.state, known(), book.state.at)).toBe(book.state.at)
    expect(run(own('order-certificate', ada))).toBeNull()
  })

  test('when a member that has the key takes no more requests for the host by its labels, then another is ordered, by those that do', () => {
    run(own('share-certificate', ada, { keys: { [bob]: 'of bob' } }))
    run({ type: 'update-member', node: ada, labels: { zone: 'edge' } })
    expect(run(own('order-certificate', ada))).toBe('CERTIFICATE_NOT_DUE')
    run({ type: 'update-ingress', namespace: 'default', name: 'site', nodes: { zone: 'edge' } })
    expect(dueAt(book.state, known(), book.state.at)).toBe(book.state.at)
    expect(run(own('order-certificate', bob))).toBe('CERTIFICATE_NOT_DUE')
    expect(run(own('order-certificate', ada))).toBeNull()
    expect(run(keep(ada, { [ada]: 'next' }))).toBeNull()
    expect(dueAt(book.state, known(), book.state.at)).toBeGreaterThan(book.state.at)
  })

  test('when a member only shows nothing over TLS any more, then what it has is used on', () => {
    run({ type: 'leave-certificates', node: ada })
    expect(run(own('order-certificate', bob))).toBe('CERTIFICATE_NOT_DUE')
  })

  test('when many nodes come, get the key and go, then the state stays readable, and is known to be exposed by any of them', () => {
    const nodes = Array.from({ length: 70 }, (_, i) => nodeId(`n${i}`))
    for (const node of nodes) {
      run(token(`t-${node}`))
      run(admit(`t-${node}`, newMember(node)))
      expect(run({ type: 'serve-certificates', node, orders: false })).toBeNull()
      expect(run(own('share-certificate', ada, { keys: { [node]: `of ${node}` } }))).toBeNull()
      run({ type: 'leave-certificates', node })
    }
    expect(restore(snapshot(book.state))).toEqual(book.state)
    expect(known()?.shown?.keys).toMatchObject({ [ada]: 'of ada', n0: noKey, n69: 'of n69' })
    const [back = ada, gone = ada] = nodes
    run({ type: 'serve-certificates', node: back, orders: false })
    expect(lacking(book.state, known() as HostCertificate)).toEqual([bob, back])
    expect(run(own('share-certificate', back, { keys: { [bob]: 'of bob' } }))).toBe('CERTIFICATE_NOT_DUE')
    expect(run(own('share-certificate', ada, { keys: { [back]: 'again' } }))).toBeNull()
    expect(known()?.shown?.keys[back]).toBe('again')
    expect(dueAt(book.state, known(), book.state.at)).toBeGreaterThan(book.state.at)
    run({ type: 'remove-member', node: gone, force: true })
    expect(dueAt(book.state, known(), book.state.at)).toBe(book.state.at)
  })

  test('when no ingress wants it any more, then it is forgotten', () => {
    run(route('api', host, { path: '/api' }))
    run({ type: 'update-ingress', namespace: 'default', name: 'site', acme: false })
    expect(known()).toBeUndefined()
    expect(book.state.ingresses.get('default/site')).not.toHaveProperty('acme')
    expect(restore(snapshot(book.state))).toEqual(book.state)
  })
})

test('a wildcard cannot have one, as it is looked for over HTTP', () => {
  expect(run(route('all', '*.example.net', { acme: true }))).toBe('INVALID_REQUEST')
  run(route('all', '*.example.net'))
  expect(run({ type: 'update-ingress', namespace: 'default', name: 'all', acme: true })).toBe('INVALID_REQUEST')
})

test('nobody speaks for another, and a worker not even for itself', () => {
  const mine = own('order-certificate', ada)
  expect([mayForward(mine, ada), mayForward(mine, bob), mayForward(mine, ada, true)]).toEqual([true, false, false])
  expect(mayForward({ type: 'serve-certificates', node: ada, orders: true }, ada, true)).toBe(false)
})
