import { expect, test } from 'vitest'
import type { Command } from '../../../../src/core/state/types.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { ada, bob } from '../../../support/control-samples.ts'
import { closed, node, number, opened, SimFilter } from '../../../support/policy-node.ts'

const noSignal = new AbortController().signal

test('work that a policy is for has its rule with the very moment in which its address counts for anything', async () => {
  const { service, world, filter, run, place, runs } = node()
  await service.start()
  run(closed())
  place('wl-a')
  await world.runFor(1_000)
  expect(filter.ruling).toMatchObject({ ranges: ['10.200.2.0/24'], known: [], shut: ['ingress'], groups: [] })
  runs('wl-a', '10.200.2.2')
  await world.runFor(200)
  const own = number('10.200.2.2')
  expect(filter.ruling).toMatchObject({ known: [own], shut: [] })
  expect(filter.ruling?.groups).toEqual([{ way: 'ingress', members: [own], allows: [] }])
})

test('work that no policy is for need not wait until its address is known, and nobody else for it', async () => {
  const { service, world, filter, run, place, runs } = node()
  await service.start()
  run({ ...closed(), selects: { labels: { role: 'db' } } } as Command)
  place('wl-a')
  await world.runFor(1_000)
  expect(filter.ruling).toMatchObject({ known: [], shut: [] })
  place('wl-b', bob, { labels: { role: 'db' } })
  await world.runFor(200)
  expect(filter.ruling).toMatchObject({ known: [], shut: ['ingress'] })
  runs('wl-b', '10.200.2.3')
  await world.runFor(200)
  expect(filter.ruling).toMatchObject({ known: [number('10.200.2.3')], shut: [] })
})

test('while something runs here that the mesh has given up, no unknown address passes', async () => {
  const { service, world, filter, run, runs } = node()
  await service.start()
  run(closed('default'))
  runs('wl-gone', '10.200.2.9')
  await world.runFor(200)
  expect(filter.ruling).toMatchObject({ known: [], shut: ['egress', 'ingress'] })
})

test('a policy that comes is kept within moments, and one that goes is kept no more', async () => {
  const { service, world, filter, run } = node()
  await service.start()
  await world.runFor(1_000)
  expect(filter.ruling).toBeNull()
  run(closed())
  await world.runFor(200)
  expect(filter.ruling).not.toBeNull()
  run(opened)
  await world.runFor(200)
  expect(filter.ruling).toBeNull()
})

test('work elsewhere is let in by the address that it has there, and no more once it has ended', async () => {
  const { service, world, filter, run, place, report, runs } = node()
  await service.start()
  run({ ...closed(), ingress: [{ peers: [{}], ports: [] }] } as Command)
  place('wl-a')
  runs('wl-a', '10.200.2.2')
  place('wl-b', ada)
  report('wl-b', '10.200.1.9', ada)
  await world.runFor(700)
  const peers = (): readonly number[] => filter.ruling?.groups[0]?.allows[0]?.peers?.work ?? []
  expect(peers()).toEqual([number('10.200.1.9'), number('10.200.2.2')])
  run({
    type: 'report-ended',
    placement: placementId(workloadId('wl-b'), 1),
    node: ada,
    exitCode: 0,
    error: null,
    endedAt: 9_000,
  })
  await world.runFor(700)
  expect(peers()).toEqual([number('10.200.2.2')])
})

test('rules are looked after although nothing happens, and stay when the daemon ends', async () => {
  const { service, world, filter, run } = node()
  await service.start()
  run(closed())
  await world.runFor(200)
  const before = filter.applied
  await world.runFor(11_000)
  expect(filter.applied).toBeGreaterThan(before + 1)
  await service.stop()
  expect(filter.ruling).not.toBeNull()
})

test('a daemon that may have missed something leaves the rules of the one before it alone until it has heard', async () => {
  const filter = new SimFilter()
  filter.ruling = { ranges: ['10.200.2.0/24'], known: [1], shut: [], groups: [] }
  const { service, world, run, known } = node({ filter, isFresh: false })
  await service.start()
  await world.runFor(3_000)
  expect(filter.ruling?.known).toEqual([1])
  run(closed())
  await world.runFor(3_000)
  expect(filter.ruling?.known).toEqual([1])
  known.isFresh = true
  await world.runFor(10_000)
  expect(filter.ruling?.known).toEqual([])
})

test('the rules of the daemon before stay until the engine has told what runs here, which may have addresses of another range', async () => {
  const filter = new SimFilter()
  filter.ruling = { ranges: ['10.200.2.0/24', '10.99.0.7/32'], known: [1], shut: [], groups: [] }
  const { service, world, run, runs, known } = node({ filter, areAllKnown: false })
  run(closed())
  await service.start()
  await world.runFor(30_000)
  expect(filter.ruling?.ranges).toContain('10.99.0.7/32')
  expect(filter.ruling?.known).toEqual([1])
  expect(service.problems()).toEqual([
    'network policies: they are those of the daemon before until the container engine has told what runs here',
  ])
  known.areAllKnown = true
  runs('wl-old', '10.99.0.7')
  await world.runFor(1_000)
  expect(service.problems()).toEqual([])
  expect(filter.ruling).toMatchObject({ ranges: ['10.200.2.0/24', '10.99.0.7/32'], known: [] })
  known.areAllKnown = false
  run(opened)
  run(closed())
  await world.runFor(6_000)
  expect(filter.ruling?.shut).toContain('ingress')
})

test('where no rules are, it does not wait to hear; and before it knows its tasks it goes by what the mesh knows of them', async () => {
  const { service, world, filter, run, place, report, known } = node({ isFresh: false, areAllKnown: false })
  run(closed())
  place('wl-a')
  report('wl-a', '10.200.2.2')
  await service.start()
  await world.runFor(200)
  expect(filter.ruling?.known).toEqual([number('10.200.2.2')])
  known.isFresh = true
  known.areAllKnown = true
  await world.runFor(12_000)
  expect(filter.ruling?.known).toEqual([])
})

test('a host that cannot keep policies says so, once there are any, and asks for nothing before', async () => {
  const { service, world, filter, run } = node()
  filter.reason = 'nft is not installed (nftables)'
  let told = 0
  service.onProblems(() => {
    told += 1
  })
  await service.start()
  await world.runFor(30_000)
  expect(filter.asked).toBeLessThan(2)
  expect(service.problems()).toEqual([])
  run(closed())
  await world.runFor(200)
  expect(service.problems()).toEqual(['network policies: they are not kept here, as nft is not installed (nftables)'])
  expect(told).toBe(1)
  run(opened)
  await world.runFor(200)
  expect(service.problems()).toEqual([])
})

test('what does not work is said and tried again', async () => {
  const { service, world, filter, run } = node()
  filter.failure = 'nft failed with code 1'
  await service.start()
  run(closed())
  await world.runFor(200)
  expect(service.problems()[0]).toContain('nft failed with code 1')
  filter.failure = null
  filter.left = ['work of this node is not kept from other work of this node: no br_netfilter']
  await world.runFor(2_000)
  expect(filter.ruling).not.toBeNull()
  expect(service.problems()).toEqual([`network policies: ${filter.left[0] ?? ''}`])
})

test('what is started next waits until work that has ended has lost its address', async () => {
  const { service, world, filter, run, place, runs, ends } = node()
  await service.start()
  run(closed())
  place('wl-a')
  runs('wl-a', '10.200.2.2')
  await world.runFor(200)
  expect(filter.ruling?.known).toHaveLength(1)
  ends('wl-a')
  const settled = service.settled(noSignal)
  await world.runFor(200)
  await settled
  expect(filter.ruling?.known).toEqual([])
})

test('what is started next does not wait for what comes after it, but until rules of a daemon before are no more', async () => {
  const filter = new SimFilter()
  filter.ruling = { ranges: ['10.200.2.0/24'], known: [1], shut: [], groups: [] }
  const { service, world, run, place, known } = node({ filter, isFresh: false })
  run(closed())
  await service.start()
  let isSettled = false
  const settled = service.settled(noSignal).then(() => {
    isSettled = true
  })
  await world.runFor(3_000)
  expect(isSettled).toBe(false)
  known.isFresh = true
  for (let i = 0; i < 400; i += 1) {
    place(`wl-${i}`)
    await world.runFor(30)
  }
  expect([isSettled, filter.ruling.known]).toEqual([true, []])
  await settled
})

test('given work that waits to be started, when the node shuts down, then it is not let go without its rules, nor is what comes later', async () => {
  const { service, world, filter, run } = node()
  await service.start()
  await world.runFor(1_000)
  run(closed())
  const waiting = expect(service.settled(noSignal)).rejects.toThrow('the node is shutting down')
  await service.stop()
  await waiting
  expect(filter.ruling).toBeNull()
  await expect(service.settled(noSignal)).rejects.toThrow('the node is shutting down')
  await service.start()
  const settled = service.settled(noSignal)
  await world.runFor(1_000)
  await settled
  expect(filter.ruling).not.toBeNull()
})

test('whoever is about to start work waits until the policies of the moment are in place', async () => {
  const { service, world, filter, run } = node()
  await service.start()
  await world.runFor(1_000)
  run(closed())
  let isSettled = false
  const settled = service.settled(noSignal).then(() => {
    isSettled = true
  })
  await Promise.resolve()
  expect([isSettled, filter.ruling]).toEqual([false, null])
  await world.runFor(200)
  expect([isSettled, filter.ruling !== null]).toEqual([true, true])
  await settled
  await service.settled(noSignal)
  const gone = new AbortController()
  run(opened)
  gone.abort()
  await service.settled(gone.signal)
  expect(filter.ruling).not.toBeNull()
})
