import fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeFor, routingTable } from '../../../../src/core/ingress/table.ts'
import { pathOf, stripped } from '../../../../src/lib/request-path.ts'
import { hostNamed, type Ingress, ingressHost, ingressPath } from '../../../../src/model/ingress.ts'

const ingress = (parts: Partial<Ingress>): Ingress => ({
  ...{ namespace: 'a', name: 'site', host: 'x.example.org', path: '/', deployment: 'web', strip: false, nodes: {} },
  ...{ createdAt: 0, createdBy: 'ada', updatedAt: 0, ...parts },
})
const tableOf = (ingresses: readonly Ingress[], labels: Readonly<Record<string, string>> = {}) =>
  routingTable({ ingresses: new Map(ingresses.map((one, i) => [String(i), one])), deployments: new Map() }, labels)

const segment = fc.constantFrom('api', 'apis', 'v1', 'x')
const path = fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`)

test('the longest path that a request begins with, by whole segments, has it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 6 }), path, (paths, asked) => {
      const found = routeFor(tableOf(paths.map((one) => ingress({ path: one }))), 'x.example.org', asked)
      const fits = paths.filter((one) => one === '/' || `${asked}/`.startsWith(`${one}/`))
      const longest = fits.toSorted((a, b) => b.length - a.length)[0] ?? null
      expect(found?.ingress.path ?? null).toBe(longest)
    }),
  )
})

test('a whole host goes before a wildcard, which is for one label more', () => {
  const table = tableOf([ingress({ host: '*.example.org', path: '/a/b', name: 'all' }), ingress({ path: '/a' })])
  expect(routeFor(table, 'x.example.org', '/a/b')?.ingress.name).toBe('site')
  expect(routeFor(table, 'y.example.org', '/a/b')?.ingress.name).toBe('all')
  expect(routeFor(table, 'y.z.example.org', '/a/b')).toBeNull()
  expect(routeFor(table, 'example.org', '/a/b')).toBeNull()
})

test('a node that lacks a label of an ingress has none of its routes', () => {
  const one = ingress({ nodes: { zone: 'edge' } })
  expect(routeFor(tableOf([one]), 'x.example.org', '/')).toBeNull()
  expect(routeFor(tableOf([one], { zone: 'edge' }), 'x.example.org', '/')).not.toBeNull()
})

test('a path that could lead out of the one that it is asked under is none', () => {
  for (const target of [
    '/api/../x',
    '/api/%2e%2E/x',
    '/api%2f..%2fx',
    '/.',
    '/a\\..\\b',
    '/a%5c..',
    'http://x/',
    '*',
    '/a#b',
  ])
    expect(pathOf(target)).toBeNull()
  for (const [target, plain] of [
    ['/a.b/..c?../..', '/a.b/..c'],
    ['//x', '//x'],
    ['/?/../', '/'],
  ] as const)
    expect(pathOf(target)).toBe(plain)
  expect(stripped('/api?x=/', '/api')).toBe('/?x=/')
  expect(stripped('/api/v1', '/api')).toBe('/v1')
})

test('hosts and paths that are not plain are not taken', () => {
  for (const host of ['10.0.0.1', '*.org', '*', 'A.org', 'a..b', '-a.org', 'a_b.org'])
    expect(ingressHost.safeParse(host).success).toBe(false)
  for (const host of ['localhost', '*.a.org', 'x1.a-b.org']) expect(ingressHost.safeParse(host).success).toBe(true)
  for (const one of ['api', '/api/', '/a/../b', '/a//b', '/a%2f'])
    expect(ingressPath.safeParse(one).success).toBe(false)
  expect(hostNamed('App.Example.ORG.:8443')).toBe('app.example.org')
  for (const header of ['', 'a b', '[::1]:80', 'a.org/x', 'a@b.org', 'a.org:x']) expect(hostNamed(header)).toBeNull()
})
