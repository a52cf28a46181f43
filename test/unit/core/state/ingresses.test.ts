import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { routeFor, routingTable } from '../../../../src/core/ingress/table.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { deploymentId } from '../../../../src/model/ids.ts'

import { noQuota } from '../../../../src/model/namespace.ts'
import { rangeText } from '../../../../src/model/version.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, inventory, meshOf, refusal } from '../../../support/control-samples.ts'
import { create } from '../../../support/deployment-samples.ts'

const namespaces = ['a', 'b'] as const

/** A deployment `web-a` in the namespace a, and `web-b` in b. */
function mesh(): Book {
  const book = meshOf([ada], 8)
  const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
  book.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 8, { versions }) })
  book.run({ type: 'raise-version', version: 2 })
  namespaces.forEach((namespace, i) => {
    book.run({ type: 'create-namespace', name: namespace, quota: noQuota, weight: 1, borrow: true })
    const made = create({ service: { port: 9_000 + i, targetPort: 8_080 } })
    const named = { deployment: deploymentId(`dep-${namespace}`), name: `web-${namespace}` }
    book.run({ ...made, ...named, spec: { ...made.spec, namespace } })
  })
  return book
}

const make = (namespace: string, name: string, host: string, path = '/'): Command => ({
  ...{ type: 'create-ingress', namespace, name, host, path, deployment: `web-${namespace}`, strip: false, nodes: {} },
})

test('an ingress is made once, changed, kept over snapshots and taken away', () => {
  const book = mesh()
  expect(refusal(book.run(make('a', 'site', 'x.example.org')))).toBeNull()
  expect(refusal(book.run(make('a', 'site', 'y.example.org')))).toBe('INGRESS_EXISTS')
  expect(refusal(book.run(make('a', 'other', 'x.example.org')))).toBe('ROUTE_TAKEN')
  expect(refusal(book.run({ ...make('a', 'odd', 'z.example.org'), deployment: 'web-b' } as Command))).toBe(
    'SERVICE_NOT_FOUND',
  )
  expect(refusal(book.run(make('nobody', 'site', 'z.example.org')))).toBe('NAMESPACE_NOT_FOUND')
  expect(refusal(book.run({ type: 'update-ingress', namespace: 'a', name: 'site', path: '/shop' }))).toBeNull()
  expect(book.state.ingresses.get('a/site')).toMatchObject({ host: 'x.example.org', path: '/shop' })
  expect(restore(snapshot(book.state))).toEqual(book.state)
  expect(refusal(book.run({ type: 'delete-ingress', namespace: 'a', name: 'site' }))).toBeNull()
  expect(refusal(book.run({ type: 'delete-ingress', namespace: 'a', name: 'site' }))).toBe('INGRESS_NOT_FOUND')
})

test('whose file made it is kept, whatever is changed of it', () => {
  const book = mesh()
  expect(refusal(book.run({ ...make('a', 'site', 'x.example.org'), keptBy: 'web-a' } as Command))).toBeNull()
  expect(refusal(book.run({ type: 'update-ingress', namespace: 'a', name: 'site', path: '/shop' }))).toBeNull()
  expect(book.state.ingresses.get('a/site')).toMatchObject({ path: '/shop', keptBy: 'web-a' })
  expect(restore(snapshot(book.state))).toEqual(book.state)
})

describe('given what somebody has seen of it', () => {
  const seen = { host: 'x.example.org', path: '/', deployment: 'web-a', strip: false, nodes: { b: '1', a: '2' } }
  const kept = { ...make('a', 'site', 'x.example.org'), nodes: { a: '2', b: '1' }, keptBy: 'web-a' } as Command
  const update = { type: 'update-ingress', namespace: 'a', name: 'site', path: '/shop' } as const
  const remove = { type: 'delete-ingress', namespace: 'a', name: 'site' } as const

  test.each([
    ['another host', { host: 'y.example.org' }],
    ['another path', { path: '/other' }],
    ['another deployment', { deployment: 'web-b' }],
    ['the path taken off', { strip: true }],
    ['other nodes', { nodes: { a: '2' } }],
    ['a certificate that is ordered', { acme: true as const }],
    ['the file of another', { keptBy: 'web-b' }],
  ])('it is neither changed nor deleted when it was seen with %s', (_, other) => {
    const book = mesh()
    book.run(kept)
    const before = [...book.state.ingresses]
    const expected = { ...seen, keptBy: 'web-a', ...other }
    expect(refusal(book.run({ ...update, expected }))).toBe('INGRESS_CHANGED')
    expect(refusal(book.run({ ...remove, expected }))).toBe('INGRESS_CHANGED')
    expect([...book.state.ingresses]).toEqual(before)
  })

  test('it is changed and deleted when it still is so, and one that was made by hand in its place is not', () => {
    const book = mesh()
    book.run(kept)
    const expected = { ...seen, keptBy: 'web-a' }
    expect(refusal(book.run({ ...update, expected }))).toBeNull()
    expect(refusal(book.run({ ...remove, expected }))).toBe('INGRESS_CHANGED')
    expect(refusal(book.run({ ...remove, expected: { ...expected, path: '/shop' } }))).toBeNull()
    expect(refusal(book.run({ ...remove, expected }))).toBe('INGRESS_NOT_FOUND')
    book.run(make('a', 'site', 'x.example.org'))
    expect(refusal(book.run({ ...remove, expected }))).toBe('INGRESS_CHANGED')
  })
})

test('a host, and what a wildcard would take of it, stays with the namespace that named it first', () => {
  const book = mesh()
  book.run(make('a', 'site', 'x.example.org'))
  expect(refusal(book.run(make('b', 'same', 'x.example.org', '/mine')))).toBe('HOST_TAKEN')
  expect(refusal(book.run(make('b', 'all', '*.example.org')))).toBe('HOST_TAKEN')
  expect(refusal(book.run(make('b', 'deeper', '*.x.example.org')))).toBeNull()
  expect(refusal(book.run(make('a', 'under', 'y.x.example.org')))).toBe('HOST_TAKEN')
  const move = { type: 'update-ingress', namespace: 'b', name: 'deeper', host: 'x.example.org' } as const
  expect(refusal(book.run(move))).toBe('HOST_TAKEN')
  book.run({ type: 'delete-ingress', namespace: 'a', name: 'site' })
  expect(refusal(book.run(move))).toBeNull()
})

test('one namespace has so many ingresses, and leaves room for the others', () => {
  const book = mesh()
  for (let i = 0; i < limits.namespaceIngresses; i += 1)
    expect(refusal(book.run(make('a', `site-${i}`, `x${i}.example.org`)))).toBeNull()
  expect(refusal(book.run(make('a', 'more', 'more.example.org')))).toBe('INVALID_REQUEST')
  expect(refusal(book.run(make('b', 'site', 'more.example.org')))).toBeNull()
  book.run({ type: 'delete-ingress', namespace: 'a', name: 'site-0' })
  expect(refusal(book.run(make('a', 'again', 'x0.example.org')))).toBeNull()
  expect(limits.namespaceIngresses).toBeLessThan(limits.ingresses / 4)
})

const hosts = ['x.example.org', 'y.example.org', '*.example.org', 'z.x.example.org', '*.x.example.org', 'example.org']
const step = fc.record({
  namespace: fc.constantFrom(...namespaces),
  name: fc.constantFrom('one', 'two', 'three'),
  host: fc.constantFrom(...hosts),
  path: fc.constantFrom('/', '/api'),
  kind: fc.constantFrom('create', 'update', 'delete'),
})

test('whatever is asked for, no host is answered by two namespaces', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const book = mesh()
      for (const { namespace, name, host, path, kind } of steps) {
        if (kind === 'create') book.run(make(namespace, name, host, path))
        else if (kind === 'update') book.run({ type: 'update-ingress', namespace, name, host, path })
        else book.run({ type: 'delete-ingress', namespace, name })
      }
      const table = routingTable(book.state, {})
      for (const host of [...hosts.filter((one) => !one.startsWith('*')), 'w.example.org', 'w.x.example.org']) {
        const routes = ['/', '/api', '/api/x'].flatMap((path) => routeFor(table, host, path) ?? [])
        expect(new Set(routes.map(({ ingress }) => ingress.namespace)).size).toBeLessThanOrEqual(1)
        for (const { ingress, deployment } of routes) expect(deployment).toBe(`dep-${ingress.namespace}`)
      }
    }),
    { numRuns: 60 },
  )
})
