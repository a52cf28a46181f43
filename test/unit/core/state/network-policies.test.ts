import { expect, test } from 'vitest'
import { CommandSchema } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { noQuota } from '../../../../src/model/namespace.ts'
import { NetworkPeer, networkPorts, parsePorts } from '../../../../src/model/network-policy.ts'
import { rangeText } from '../../../../src/model/version.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, inventory, meshOf, refusal } from '../../../support/control-samples.ts'

function mesh(): Book {
  const book = meshOf([ada], 8)
  const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 8, { versions }) })
  book.run({ type: 'raise-version', version: 2 })
  book.run({ type: 'create-namespace', name: 'a', quota: noQuota, weight: 1, borrow: true })
  return book
}

const make = (name: string, parts: object = {}): Command => ({
  ...{ type: 'create-network-policy', namespace: 'a', name, about: '', selects: {}, ingress: [], egress: null },
  ...parts,
})

test('a policy is made once, changed, kept over snapshots and taken away', () => {
  const book = mesh()
  expect(refusal(book.run(make('closed')))).toBeNull()
  expect(refusal(book.run(make('closed')))).toBe('NETWORK_POLICY_EXISTS')
  expect(refusal(book.run(make('other', { namespace: 'nobody' })))).toBe('NAMESPACE_NOT_FOUND')
  const rule = { peers: [{ deployment: 'web' }], ports: ['443/tcp'] }
  const change = { type: 'update-network-policy', namespace: 'a', name: 'closed' } as const
  expect(refusal(book.run({ ...change, egress: [rule], selects: { deployment: 'db' } }))).toBeNull()
  expect(book.state.networkPolicies.get('a/closed')).toMatchObject({
    ...{ ingress: [], egress: [rule], selects: { deployment: 'db' } },
  })
  expect(restore(snapshot(book.state))).toEqual(book.state)
  expect(refusal(book.run({ ...change, name: 'none' }))).toBe('NETWORK_POLICY_NOT_FOUND')
  const away = { type: 'delete-network-policy', namespace: 'a', name: 'closed' } as const
  expect(refusal(book.run(away))).toBeNull()
  expect(refusal(book.run(away))).toBe('NETWORK_POLICY_NOT_FOUND')
})

test('a policy that says nothing is none, and neither is one that is made to say nothing', () => {
  const book = mesh()
  expect(refusal(book.run(make('p', { ingress: null })))).toBe('INVALID_REQUEST')
  book.run(make('p'))
  const change = { type: 'update-network-policy', namespace: 'a', name: 'p', ingress: null } as const
  expect(refusal(book.run(change))).toBe('INVALID_REQUEST')
  expect(book.state.networkPolicies.get('a/p')?.ingress).toEqual([])
})

test('a namespace has so many at most, and is not removed while it has one', () => {
  const book = mesh()
  for (let i = 0; i < limits.namespaceNetworkPolicies; i += 1) book.run(make(`p${i}`))
  expect(refusal(book.run(make('one-more')))).toBe('RATE_LIMITED')
  expect(refusal(book.run(make('elsewhere', { namespace: 'default' })))).toBeNull()
  expect(refusal(book.run({ type: 'remove-namespace', name: 'a' }))).toBe('INVALID_REQUEST')
})

test('what is no port, no range, or both work and a range, does not come into the log', () => {
  const isTaken = (parts: object): boolean => CommandSchema.safeParse(make('p', parts)).success
  const rule = (peer: object, port = '80/tcp') => ({ ingress: [{ peers: [peer], ports: [port] }] })
  expect(isTaken(rule({}))).toBe(true)
  expect(isTaken(rule({ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }))).toBe(true)
  for (const peer of [
    { cidr: '10.0.0.1/8' },
    { cidr: '10.0.0.0/8', deployment: 'web' },
    { except: ['10.0.0.0/8'] },
    { namespace: 'A' },
    { ghost: 'x' },
  ])
    expect(isTaken(rule(peer))).toBe(false)
  for (const port of ['80', '0/tcp', '80/sctp', '90-80/tcp', '65536/tcp', '80-80/tcp'])
    expect(isTaken(rule({}, port))).toBe(false)
  expect(parsePorts('8000-8100/udp')).toEqual({ protocol: 'udp', first: 8_000, last: 8_100 })
  expect(networkPorts.safeParse('8000-8100/udp').success).toBe(true)
  expect(NetworkPeer.safeParse({ namespace: '*', labels: { app: 'x' } }).success).toBe(true)
})
