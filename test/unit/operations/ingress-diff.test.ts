import { beforeEach, expect, test } from 'vitest'
import { deploymentId } from '../../../src/model/ids.ts'
import { noQuota } from '../../../src/model/namespace.ts'
import { create } from '../../support/deployment-samples.ts'
import { admin } from '../../support/operations-mesh.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { twoPeers } from '../../support/two-peers.ts'
import type { TwoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']
let service: TwoPeers['service']
const { signal } = new AbortController()
const viewer = { id: 'reader', identity: { kind: 'reader' } } as const

beforeEach(async () => {
  ;({ mesh, run, service } = await twoPeers())
  for (const [i, namespace] of ['default', 'other'].entries()) {
    if (namespace === 'other')
      mesh.apply({ type: 'create-namespace', name: namespace, quota: noQuota, weight: 1, borrow: true })
    const made = create({ service: { port: 9_000 + i, targetPort: 8_080 } })
    const named = { deployment: deploymentId(`dep-${namespace}`), name: i === 0 ? 'web' : 'theirs' }
    mesh.apply({ ...made, ...named, spec: { ...made.spec, namespace } })
  }
})

const sections = [{ host: 'x.example.org' }]
const diff = (ingresses: readonly { readonly host: string }[], caller: typeof admin = admin, more: object = {}) =>
  service.invoke('ingress.diff', { deployment: 'web', ingresses, ...more }, { caller, signal })

test('given none, it is new, by the name of the deployment, with what is meant where nothing is said', async () => {
  expect(await diff(sections)).toEqual({
    ...{ namespace: 'default', deployment: 'web', denied: [] },
    ingresses: [
      {
        ...{ name: 'web', what: 'new', before: null },
        after: { host: 'x.example.org', path: '/', strip: false, nodes: {}, acme: false },
        changes: [
          { field: 'host', before: null, after: 'x.example.org' },
          { field: 'path', before: null, after: '/' },
        ],
      },
    ],
  })
})

test('given one of the file, what differs is told; given no section, it goes; and a viewer is told what they may not do', async () => {
  await run('ingress.create', { name: 'web', host: 'x.example.org', deployment: 'web', ofFile: true })
  expect(await run('ingress.info', { name: 'web' })).toMatchObject({ keptBy: 'web' })
  expect(await diff(sections, viewer)).toMatchObject({ ingresses: [{ what: 'same', changes: [] }], denied: [] })
  expect(await diff([{ host: 'y.example.org' }], viewer)).toMatchObject({
    ingresses: [{ what: 'changed', changes: [{ field: 'host', before: 'x.example.org', after: 'y.example.org' }] }],
    denied: ['change'],
  })
  expect(await diff([], viewer)).toMatchObject({
    ingresses: [{ what: 'removed', before: { deployment: 'web', keptBy: 'web' } }],
    denied: ['remove'],
  })
})

test('given that nothing is taken away, no right is needed for it, and what is in the way is refused', async () => {
  await run('ingress.create', { name: 'old', host: 'x.example.org', deployment: 'web', ofFile: true })
  const making = { removes: false }
  expect(await diff([{ host: 'y.example.org' }], viewer, making)).toMatchObject({
    ingresses: [{ what: 'new' }, { name: 'old', what: 'stays' }],
    denied: ['create'],
  })
  await expect(diff(sections, admin, making)).rejects.toMatchObject({ code: 'ROUTE_TAKEN' })
  expect(await diff(sections)).toMatchObject({ ingresses: [{ name: 'old', what: 'removed' }, { what: 'new' }] })
})

test('given one that was led to another deployment, it is not taken away, and where it leads is told', async () => {
  const made = create({ service: { port: 9_100, targetPort: 8_080 } })
  mesh.apply({ ...made, deployment: deploymentId('dep-api'), name: 'api' })
  await run('ingress.create', { name: 'shop', host: 'x.example.org', deployment: 'web', ofFile: true })
  await run('ingress.update', { name: 'shop', deployment: 'api' })
  expect(await diff([])).toMatchObject({
    ingresses: [{ name: 'shop', what: 'stays', before: { deployment: 'api', keptBy: 'web' } }],
    denied: [],
  })
})

test('given another of its name since the file was looked at, what was planned is not done to that one', async () => {
  const made = { name: 'web', host: 'x.example.org', deployment: 'web' }
  await run('ingress.create', { ...made, acme: true, ofFile: true })
  const { ingresses } = await run('ingress.diff', { deployment: 'web', ingresses: [] })
  const expected = ingresses[0]?.before ?? undefined
  expect(expected).toMatchObject({ host: 'x.example.org', acme: true, deployment: 'web', keptBy: 'web' })
  await run('ingress.delete', { name: 'web' })
  await run('ingress.create', { ...made, acme: true })
  const changed = { code: 'INGRESS_CHANGED', facts: { ingress: 'default/web' } }
  await expect(run('ingress.update', { name: 'web', path: '/shop', expected })).rejects.toMatchObject(changed)
  await expect(run('ingress.delete', { name: 'web', expected })).rejects.toMatchObject(changed)
  expect(await run('ingress.info', { name: 'web' })).toMatchObject({ path: '/', keptBy: null })
  const [now] = (await run('ingress.diff', { deployment: 'web', ingresses: [] })).ingresses
  expect(await run('ingress.update', { name: 'web', path: '/shop', expected: now?.before ?? undefined })).toMatchObject(
    {
      path: '/shop',
    },
  )
})

test('given one that was made by hand, it belongs to no file', async () => {
  await run('ingress.create', { name: 'site', host: 'x.example.org', deployment: 'web' })
  expect(await run('ingress.info', { name: 'site' })).toMatchObject({ keptBy: null })
  expect(await diff([])).toMatchObject({ ingresses: [{ name: 'site', what: 'stays' }], denied: [] })
  await expect(diff(sections)).rejects.toMatchObject({ code: 'ROUTE_TAKEN' })
})

test('given a host of another namespace, it is refused', async () => {
  await run('ingress.create', { name: 'site', namespace: 'other', host: '*.example.org', deployment: 'theirs' })
  await expect(diff(sections)).rejects.toMatchObject({ code: 'HOST_TAKEN' })
})
