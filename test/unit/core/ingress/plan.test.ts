import { expect, test } from 'vitest'
import type { Route } from '../../../../src/core/ingress/plan.ts'
import { planIngresses } from '../../../../src/core/ingress/plan.ts'
import { limits } from '../../../../src/core/state/state.ts'
import type { Ingress } from '../../../../src/model/ingress.ts'
import { ingressKey } from '../../../../src/model/ingress.ts'

const route = (name: string, host: string, more: Partial<Route> = {}): Route => ({
  ...{ name, host, path: '/', strip: false, nodes: {}, acme: false },
  ...more,
})

const ingress = (name: string, host: string, more: Partial<Ingress> = {}): Ingress => ({
  ...{ name, host, path: '/', strip: false, nodes: {}, namespace: 'a', deployment: 'web' },
  ...{ createdAt: 1, createdBy: 'socket', updatedAt: 1 },
  ...more,
})

const kept = { keptBy: 'web' }

/** What is to be done, in words; the code of what is refused. */
function plan(there: readonly Ingress[], routes: readonly Route[], removes = true): readonly string[] | string {
  const ingresses = new Map(there.map((one) => [ingressKey(one.namespace, one.name), one]))
  const made = planIngresses({ ingresses }, { namespace: 'a', deployment: 'web', routes, removes, by: 'socket' })
  if (!made.ok) return made.failure.code
  return made.steps.map((step) => `${step.what} ${'after' in step ? step.after.name : step.before.name}`)
}

test('given none, what the file names is new; given the same, nothing is to be done', () => {
  expect(plan([], [route('web', 'x.org'), route('api', 'x.org', { path: '/api' })])).toEqual(['new web', 'new api'])
  const there = ingress('web', 'x.org', { ...kept, acme: true, nodes: { b: '1', a: '2' } })
  expect(plan([there], [route('web', 'x.org', { acme: true, nodes: { a: '2', b: '1' } })])).toEqual(['same web'])
})

test.each([
  ['another host', { host: 'y.org' }],
  ['another path', { path: '/shop' }],
  ['the path taken off', { strip: true }],
  ['a certificate that is ordered', { acme: true }],
  ['other nodes', { nodes: { zone: 'edge' } }],
])('given %s, it changes', (_, more) => {
  expect(plan([ingress('web', 'x.org', kept)], [route('web', 'x.org', more)])).toEqual(['changed web'])
})

test('given one that the file made and somebody has led elsewhere, it is led back', () => {
  expect(plan([ingress('web', 'x.org', { ...kept, deployment: 'other' })], [route('web', 'x.org')])).toEqual([
    'changed web',
  ])
})

test('what the file made and names no more goes; what another made for the deployment stays', () => {
  const there = [
    ingress('old', 'old.org', kept),
    ingress('by-hand', 'hand.org'),
    ingress('of-other', 'other.org', { keptBy: 'other' }),
    ingress('unconcerned', 'un.org', { deployment: 'other', keptBy: 'other' }),
    ingress('elsewhere', 'else.org', { namespace: 'b', ...kept }),
  ]
  expect(plan(there, [])).toEqual(['removed old', 'stays by-hand', 'stays of-other'])
})

test('what the file made and somebody has led elsewhere stays, also where it is in the way', () => {
  const there = [ingress('shop', 'x.org', { ...kept, deployment: 'api' })]
  expect(plan(there, [route('web', 'y.org')])).toEqual(['new web', 'stays shop'])
  expect(plan(there, [route('web', 'x.org')])).toBe('ROUTE_TAKEN')
})

test('given that nothing is removed, what the file names no more stays, and is refused where it is in the way', () => {
  const there = [ingress('old', 'x.org', kept)]
  expect(plan(there, [route('web', 'y.org')], false)).toEqual(['new web', 'stays old'])
  expect(plan(there, [route('web', 'x.org')], false)).toBe('ROUTE_TAKEN')
  expect(plan(there, [route('web', 'x.org')])).toEqual(['removed old', 'new web'])
})

test('given as many as there may be, one more is refused, unless another goes before it', () => {
  const others = (many: number, namespace: string): readonly Ingress[] =>
    Array.from({ length: many }, (_, i) => ingress(`o${i}`, `o${i}.${namespace}`, { namespace, deployment: 'other' }))
  const own = others(limits.namespaceIngresses - 1, 'a')
  expect(plan(own, [route('web', 'x.org')])).toEqual(['new web'])
  expect(plan(own, [route('web', 'x.org'), route('more', 'y.org')])).toBe('INVALID_REQUEST')
  expect(plan([...own, ingress('old', 'x.org', kept)], [route('web', 'x.org')])).toEqual(['removed old', 'new web'])
  expect(plan([...own, ingress('web', 'y.org')], [route('web', 'x.org')])).toEqual(['changed web'])
  expect(plan(others(limits.ingresses, 'b'), [route('web', 'x.org')])).toBe('RATE_LIMITED')
})

test('a route that one of them gives up can be taken by what comes after it, and by nothing before', () => {
  const there = [ingress('one', 'x.org', { ...kept, path: '/1' }), ingress('two', 'x.org', { ...kept, path: '/2' })]
  const [one, two] = [route('one', 'x.org', { path: '/2' }), route('two', 'x.org', { path: '/3' })]
  expect(plan(there, [one, two])).toBe('ROUTE_TAKEN')
  expect(plan(there, [two, one])).toEqual(['changed two', 'changed one'])
  expect(plan(there, [route('new', 'x.org', { path: '/2' }), two])).toEqual(['changed two', 'new new', 'removed one'])
})

test('what is taken away goes last, so that a host that is named all the time keeps its certificate, unless it is in the way', () => {
  const there = [ingress('old', 'x.org', { ...kept, path: '/old' }), ingress('same-route', 'x.org', kept)]
  expect(plan(there, [route('new', 'x.org')])).toEqual(['removed same-route', 'new new', 'removed old'])
})

test.each([
  ['a host of another namespace', [ingress('theirs', 'x.org', { namespace: 'b' })], 'HOST_TAKEN'],
  ['a host below the wildcard of another', [ingress('theirs', '*.org', { namespace: 'b' })], 'HOST_TAKEN'],
  ['a route of another ingress', [ingress('other', 'x.org', { deployment: 'other' })], 'ROUTE_TAKEN'],
  ['the name of one for another deployment', [ingress('web', 'y.org', { deployment: 'other' })], 'INGRESS_EXISTS'],
  ['the name of one that another file keeps', [ingress('web', 'x.org', { keptBy: 'other' })], 'INGRESS_EXISTS'],
])('given %s, it is refused before anything is done', (_, there, code) => {
  expect(plan(there, [route('web', 'x.org')])).toBe(code)
})

test('given an ingress that was made by hand for the deployment, the file changes it, and it stays when the file names it no more', () => {
  const there = [ingress('web', 'x.org')]
  expect(plan(there, [route('web', 'y.org')])).toEqual(['changed web'])
  expect(plan(there, [])).toEqual(['stays web'])
})
