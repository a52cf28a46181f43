import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { day, hour, minute, second } from '../../../../src/model/time.ts'
import { arrivalsFile } from '../../../../src/services/ingress/arrivals.ts'
import { CertificateHosts, chainOf } from '../../../support/certificate-hosts.ts'

const site = 'app.example.org'
let hosts: CertificateHosts

const pass = (span: number): Promise<unknown> => vi.advanceTimersByTimeAsync(span)
const shown = (index: number) => hosts.get(index).service.shown()
const known = () => hosts.control.state.certificates.get(site)

beforeEach(async () => {
  vi.useFakeTimers()
  hosts = await CertificateHosts.of(2)
})

afterEach(async () => {
  const stopped = hosts.stop()
  await pass(minute)
  await stopped
  vi.useRealTimers()
})

test('given nodes that may order, when a host wants a certificate, then one of them orders and both show it', async () => {
  await pass(minute)
  expect(hosts.control.log).not.toContain('serve-certificates')
  await hosts.want(site)
  await pass(2 * minute)
  expect(hosts.authority.orders).toEqual([site])
  expect(shown(0)).toEqual([{ host: site, cert: chainOf(1), key: 'key 1' }])
  expect(shown(1)).toEqual(shown(0))
  expect(JSON.stringify(known())).not.toContain('key 1')
  expect(hosts.get(0).service.problems()).toEqual([])
})

test('given a certificate, when two thirds of its life are over, then the next is ordered, once', async () => {
  await hosts.want(site)
  await pass(59 * day)
  expect(hosts.authority.orders).toHaveLength(1)
  await pass(2 * day)
  expect(hosts.authority.orders).toHaveLength(2)
  expect(shown(1)).toEqual([{ host: site, cert: chainOf(2), key: 'key 2' }])
}, 20_000)

test('given an authority that refuses, when it is asked, then it is asked again ever more seldom, until it is content', async () => {
  hosts.authority.problem = 'nobody answers there'
  await hosts.want(site)
  await pass(14 * minute)
  expect(hosts.authority.orders).toHaveLength(1)
  expect(known()).toMatchObject({ problem: 'nobody answers there', failures: 1, shown: null })
  await pass(2 * hour)
  expect(hosts.authority.orders).toHaveLength(4)
  hosts.authority.problem = null
  await pass(3 * hour)
  expect(known()).toMatchObject({ problem: null, failures: 0 })
  expect(shown(0)).toHaveLength(1)
})

test('given many hosts at once, when they want certificates, then no node orders more than the authority bears', async () => {
  for (let i = 0; i < 60; i += 1) await hosts.want(`s${i}.example.org`)
  await pass(minute)
  expect(hosts.authority.orders.length).toBeLessThanOrEqual(44)
  await pass(3 * hour)
  expect(new Set(hosts.authority.orders).size).toBe(60)
})

test('given a certificate, when another node begins to take requests, then it gets the key, though it may order none', async () => {
  await hosts.want(site)
  await pass(minute)
  await hosts.add('late', { orders: false })
  await pass(2 * minute)
  expect(shown(2)).toEqual(shown(0))
  expect(hosts.authority.orders).toHaveLength(1)
})

test('given an ingress for nodes of some label, when it wants a certificate, then no other node orders it or gets its key', async () => {
  await hosts.want(site, { zone: 'edge' })
  await pass(5 * minute)
  expect(hosts.authority.orders).toEqual([])
  await hosts.run({ type: 'update-member', node: hosts.get(1).node, labels: { zone: 'edge' } })
  await pass(5 * minute)
  expect(hosts.authority.orders).toEqual([site])
  expect(shown(1)).toHaveLength(1)
  expect(shown(0)).toEqual([])
})

test('given an authority that looks, when any node is asked, then it answers, also before it has heard of the order', async () => {
  const answers: (string | null)[] = []
  const early = hosts.get(1).service.challenge(site, 'token-1')
  hosts.authority.look = async (host, token) => {
    for (const { service } of hosts.hosts) answers.push(await service.challenge(host, token))
  }
  await hosts.want(site)
  expect(await early).toBe('token-1.thumbprint')
  await pass(second)
  expect(answers).toEqual(['token-1.thumbprint', 'token-1.thumbprint'])
  const stranger = hosts.get(0).service.challenge(site, 'unknown')
  await pass(4 * second)
  expect(await stranger).toBeNull()
})

test('given an authority that says nothing, when the turn is nearly over, then that is what was wrong', async () => {
  hosts.authority.look = () => new Promise(() => {})
  await hosts.want(site)
  await pass(9 * minute)
  expect(known()).toMatchObject({ problem: null, turn: { node: expect.any(String) as string } })
  await pass(minute)
  expect(known()).toMatchObject({ problem: 'the authority took too long', turn: null, failures: 1 })
})

test('given an order under way, when its node stops, then another orders once its turn is over', async () => {
  hosts.authority.look = () => new Promise(() => {})
  await hosts.want(site)
  await pass(second)
  const { node } = known()?.turn ?? {}
  await hosts.hosts.find((one) => one.node === node)?.service.stop()
  hosts.authority.look = () => Promise.resolve()
  await pass(14 * minute)
  expect(hosts.authority.orders).toHaveLength(1)
  await pass(2 * minute)
  expect(hosts.authority.orders).toHaveLength(2)
  expect(known()?.shown?.orderedBy).toBe(hosts.hosts.find((one) => one.node !== node)?.node)
})

test('given a certificate that the mesh cannot keep now, when its node starts again, then it is sent again instead of ordered anew', async () => {
  hosts.refuse('keep-certificate', new ClawError('NO_LEADER', { detail: 'nobody leads' }))
  await hosts.want(site)
  await pass(5 * minute)
  const { node } = known()?.turn ?? {}
  const index = hosts.hosts.findIndex((one) => one.node === node)
  const { blobs, service } = hosts.get(index)
  expect(service.problems().join()).toContain('nobody leads')
  expect(blobs.secrets).toContain(arrivalsFile)
  expect(Buffer.from((await blobs.readBlob(arrivalsFile)) ?? '').toString()).not.toContain('key 1')
  await hosts.restart(index)
  await pass(8 * minute)
  expect(known()?.shown).toBeNull()
  hosts.allow('keep-certificate')
  await pass(2 * minute)
  expect(hosts.authority.orders).toEqual([site])
  expect(shown(index)).toEqual([{ host: site, cert: chainOf(1), key: 'key 1' }])
  expect(await blobs.readBlob(arrivalsFile)).toBeNull()
  expect(hosts.get(index).service.problems()).toEqual([])
})

test('given a certificate that the mesh never keeps, when it is refused, then that counts as a failure, and it is ordered ever more seldom', async () => {
  hosts.refuse('keep-certificate', new ClawError('INVALID_REQUEST', { problem: 'it is too long' }))
  await hosts.want(site)
  await pass(14 * minute)
  expect(hosts.authority.orders).toHaveLength(1)
  expect(known()).toMatchObject({ failures: 1, turn: null, problem: expect.stringContaining('too long') as string })
  await pass(2 * hour)
  expect(hosts.authority.orders).toHaveLength(4)
})

test('given what an earlier daemon has left and nobody can read, when the next starts, then it orders', async () => {
  for (const index of [0, 1]) {
    await hosts.get(index).blobs.writeBlob(arrivalsFile, Buffer.from('{'))
    await hosts.restart(index)
  }
  await hosts.want(site)
  await pass(minute)
  expect(shown(0)).toHaveLength(1)
})

test('given many who ask for what nobody orders, when the authority looks at a host of ours, then there is still a place to wait', async () => {
  const { service, node } = hosts.get(1)
  await hosts.want(site, { zone: 'edge' })
  const strangers = Array.from({ length: 100 }, (_, i) => service.challenge(`s${i}.example.net`, 'any', `192.0.2.${i}`))
  const crowd = Array.from({ length: 20 }, () => service.challenge(site, 'any', '198.51.100.7'))
  // Nobody waits for these.
  expect(await Promise.all([strangers.at(-1), crowd.at(-1)])).toEqual([null, null])
  const early = service.challenge(site, 'token-1', '203.0.113.9')
  await hosts.run({ type: 'update-member', node, labels: { zone: 'edge' } })
  await pass(second)
  expect(await early).toBe('token-1.thumbprint')
})

test('given a host whose order the mesh refuses, when others want certificates too, then they get theirs, and renewals come first', async () => {
  await hosts.want('old.example.org')
  await pass(minute)
  const full = new ClawError('RATE_LIMITED', { who: 'this mesh' })
  hosts.refuse('order-certificate', full, 'a.example.org')
  await hosts.want('a.example.org')
  await hosts.want('b.example.org')
  await pass(3 * minute)
  expect(hosts.authority.orders).toEqual(['old.example.org', 'b.example.org'])
  await pass(61 * day)
  expect(hosts.authority.orders.slice(2).toSorted()).toEqual(['b.example.org', 'old.example.org'])
  hosts.allow('order-certificate')
  await pass(3 * minute)
  expect(hosts.authority.orders.at(-1)).toBe('a.example.org')
}, 60_000)

test('given nodes that lose every race for an order, when that goes on, then they have not spent what they may order', async () => {
  hosts.refuse('order-certificate', new ClawError('CERTIFICATE_NOT_DUE', { host: site }))
  await hosts.want(site)
  await pass(hour)
  expect(hosts.authority.orders).toEqual([])
  hosts.allow('order-certificate')
  for (let i = 0; i < 30; i += 1) await hosts.want(`s${i}.example.org`)
  await pass(2 * minute)
  expect(hosts.authority.orders).toHaveLength(31)
})

test('given a certificate that has come whose key is not for this node, when it starts, then it is dropped and paid for like any other', async () => {
  hosts.refuse('keep-certificate', new ClawError('NO_LEADER', { detail: 'nobody leads' }))
  await hosts.want(site)
  await pass(minute)
  const index = hosts.hosts.findIndex((one) => one.node === known()?.turn?.node)
  const { blobs } = hosts.get(index)
  const text = Buffer.from((await blobs.readBlob(arrivalsFile)) ?? '').toString()
  const [arrival] = JSON.parse(text) as { key: string }[]
  await blobs.writeBlob(
    arrivalsFile,
    Buffer.from(JSON.stringify([{ ...arrival, key: `${arrival?.key.slice(0, -8)}AAAAAAAA` }])),
  )
  await hosts.restart(index)
  hosts.allow('keep-certificate')
  await pass(9 * minute)
  expect(hosts.authority.orders).toEqual([site])
  await pass(5 * minute)
  expect(hosts.authority.orders).toEqual([site, site])
  expect(shown(0)).toHaveLength(1)
})

test('given nodes that could not order, when one of them has, then neither has anything to say of it, and both have told so', async () => {
  hosts.refuse('order-certificate', new ClawError('NO_LEADER', { detail: 'nobody leads' }))
  const told: string[][] = [[], []]
  for (const [i, { service }] of hosts.hosts.entries())
    service.onProblems(() => told[i]?.push(service.problems().join()))
  await hosts.want(site)
  await pass(5 * minute)
  hosts.allow('order-certificate')
  await pass(3 * minute)
  expect(hosts.authority.orders).toEqual([site])
  for (const { service } of hosts.hosts) expect(service.problems()).toEqual([])
  const once = [expect.stringContaining('nobody leads') as string, '']
  expect(told).toEqual([once, once])
})
