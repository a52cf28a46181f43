import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { addressesOf } from '../../../../src/core/naming/addresses.ts'
import { NameIndex } from '../../../../src/core/naming/names.ts'
import { mostRecords, resolveName } from '../../../../src/core/naming/resolve.ts'
import { groupId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, submit } from '../../../support/control-samples.ts'
import { namesFrom } from '../../../support/names.ts'
import { create, decided, startOn, web } from '../../../support/deployment-samples.ts'
import { enableOverlay, joinOverlay } from '../../../support/overlay-samples.ts'

let book: Book
beforeEach(() => {
  book = meshOf([ada, bob])
})

const run = (id: string, parts: Record<string, unknown> = {}): void => {
  book.run(submit(id, parts))
  startOn(book, workloadId(id), ada)
}

const at = ({ name }: Workload): readonly string[] => [`10.200.1.${name.length}`]

const ask = (name: string, type = 'A', turn = 0, addresses = at) =>
  resolveName({ name, type }, { names: new NameIndex(book.state), addressesOf: addresses, turn })

const addressesIn = (answer: ReturnType<typeof ask>): readonly string[] =>
  answer.kind === 'found' ? answer.records.flatMap((one) => ('address' in one ? one.address : [])) : []

const nothing = { kind: 'found', records: [], extra: [] }

describe('a workload', () => {
  test('is at its address while it runs, however its name is written', () => {
    run('Trainer')
    expect(ask('trainer.default.claw')).toEqual({
      ...{ kind: 'found', extra: [] },
      records: [{ type: 'A', name: 'trainer.default.claw', address: '10.200.1.7' }],
    })
    expect(addressesIn(ask('TRAINER.Default.CLAW'))).toEqual(['10.200.1.7'])
  })

  test('is there without an address while it waits, and not at all once it has ended', () => {
    book.run(submit('a'))
    expect(ask('a.default.claw')).toEqual(nothing)
    startOn(book, workloadId('a'), ada)
    expect(addressesIn(ask('a.default.claw'))).toHaveLength(1)
    const placement = placementId(workloadId('a'), 1)
    book.run({ type: 'report-ended', placement, node: ada, exitCode: 0, error: null, endedAt: 5 })
    expect(ask('a.default.claw')).toEqual({ kind: 'missing' })
  })

  test('has no address while its probes have not said that it is well', () => {
    run('a', { health: { readiness: { check: { type: 'tcp', port: 80 } } }, ports: [{ port: 80 }] })
    expect(ask('a.default.claw')).toEqual(nothing)
  })

  test('has nothing of IPv6 where its address is none, and no other kind of record', () => {
    run('a')
    expect(ask('a.default.claw', 'AAAA')).toEqual(nothing)
    expect(ask('a.default.claw', 'MX')).toEqual(nothing)
    expect(ask('a.default.claw', 'AAAA', 0, () => ['fd00::1'])).toMatchObject({
      records: [{ type: 'AAAA', address: 'fd00::1' }],
    })
    expect(ask('a.default.claw', 'A', 0, () => ['fd00::1'])).toEqual(nothing)
  })

  test('is found with its port, by itself and by what it speaks', () => {
    run('a', {
      ports: [
        { port: 9_000, protocol: 'tcp' },
        { name: 'api', port: 80 },
      ],
    })
    const target = 'a.default.claw'
    expect(ask(target, 'SRV')).toEqual({
      ...{ kind: 'found', records: [{ type: 'SRV', name: target, target, port: 9_000 }] },
      extra: [{ type: 'A', name: target, address: '10.200.1.1' }],
    })
    expect(ask('_http._tcp.a.default.claw', 'SRV')).toMatchObject({ records: [{ target, port: 80 }] })
    expect(ask('_http._tcp.a.default.claw')).toEqual(nothing)
    expect(ask('_tcp.a.default.claw', 'SRV')).toEqual(nothing)
    expect(ask('_smtp._tcp.a.default.claw', 'SRV')).toEqual({ kind: 'missing' })
  })
})

describe('what is no name of work', () => {
  test('is in the zone and missing, or there and empty, or somebody else’s', () => {
    run('a')
    for (const name of ['b.default.claw', 'a.other.claw', 'x.a.default.claw'])
      expect(ask(name)).toEqual({ kind: 'missing' })
    for (const name of ['claw', 'default.claw']) expect(ask(name)).toEqual(nothing)
    for (const name of ['', 'example.com', 'a.default.claw.com', 'notclaw'])
      expect(ask(name)).toEqual({ kind: 'foreign' })
  })
})

describe('a deployment', () => {
  const start = (replicas: number): void => {
    book.run(create({ replicas, service: { port: 8_000, targetPort: 80 } }))
    const ids = Array.from({ length: replicas }, (_, i) => workloadId(`wl-${i}`))
    const start = ids.map((workload, i) => ({ workload, name: `web-r1-${'x'.repeat(i + 1)}`, revision: 1 }))
    book.run(decided(book, { start }))
    for (const id of ids) startOn(book, id, ada)
  }

  test('is at all its replicas that take requests, and who is first changes', () => {
    start(3)
    const first = addressesIn(ask('web.default.claw', 'A', 0))
    expect(first).toHaveLength(3)
    expect(addressesIn(ask('web.default.claw', 'A', 1))).toEqual([...first.slice(1), ...first.slice(0, 1)])
    const [one] = book.state.replicas.get(web) ?? []
    if (one === undefined) throw new Error('there is no replica')
    const draining = book.state.workloads.get(one)
    if (draining?.owner === undefined) throw new Error('it belongs to nobody')
    book.state.workloads.set(one, { ...draining, owner: { ...draining.owner, drainingSince: 7 } })
    expect(addressesIn(ask('web.default.claw'))).toEqual(first.slice(1))
  })

  test('is found with the port of its replicas, and each of those by a name of its own', () => {
    start(2)
    expect(ask('web.default.claw', 'SRV')).toMatchObject({
      records: [
        { target: 'web-r1-x.default.claw', port: 80 },
        { target: 'web-r1-xx.default.claw', port: 80 },
      ],
      extra: [{ name: 'web-r1-x.default.claw' }, { name: 'web-r1-xx.default.claw' }],
    })
    expect(addressesIn(ask('web-r1-xx.default.claw'))).toEqual(['10.200.1.9'])
  })

  test('without a replica is there, and has no address', () => {
    book.run(create({ replicas: 0 }))
    expect(ask('web.default.claw')).toEqual(nothing)
  })
})

test('the parts of a gang go by their ranks, and all of them by its name', () => {
  book.run(submit(groupId('g-1'), { parts: { count: 3, gang: true } }, 'train'))
  const parts = [...book.state.workloads.values()]
  expect(parts).toHaveLength(3)
  parts.forEach((one, i) => {
    book.state.workloads.set(one.id, { ...one, state: i === 2 ? 'pending' : 'running' })
  })
  const byName = ({ name }: Workload): readonly string[] => [`10.0.0.${name.slice(-1)}`]
  expect(addressesIn(ask('rank-0.train.default.claw', 'A', 0, byName))).toEqual(['10.0.0.0'])
  expect(addressesIn(ask('rank-1.train.default.claw', 'A', 0, byName))).toEqual(['10.0.0.1'])
  expect(ask('rank-2.train.default.claw', 'A', 0, byName)).toEqual(nothing)
  expect(ask('rank-3.train.default.claw', 'A', 0, byName)).toEqual({ kind: 'missing' })
  expect(addressesIn(ask('train.default.claw', 'A', 0, byName))).toEqual(['10.0.0.0', '10.0.0.1'])
})

test('in turns everybody is answered with, and no answer has more than fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(1_000), (count, from) => {
      const members = Array.from({ length: count }, (_, i) => ({ name: `w${i}` }) as Workload)
      const names = namesFrom({ 'web.default': { members, ports: [] } })
      const seen = new Map<string, number>()
      for (let turn = from; turn < from + count; turn += 1) {
        const answer = resolveName(
          { name: 'web.default.claw', type: 'A' },
          { names, turn, addressesOf: ({ name }) => [name] },
        )
        const told = addressesIn(answer)
        expect(told.length).toBe(Math.min(count, mostRecords))
        expect(new Set(told).size).toBe(told.length)
        seen.set(told[0] ?? '', (seen.get(told[0] ?? '') ?? 0) + 1)
      }
      expect([...seen.values()]).toEqual(Array<number>(count).fill(1))
    }),
  )
})

describe('the address', () => {
  const workload = (parts: Record<string, unknown> = {}): Workload => {
    run('a', parts)
    const found = book.state.workloads.get(workloadId('a'))
    if (found === undefined) throw new Error('it is not there')
    return found
  }

  test('of what has the network of its node is that of the node in the overlay', () => {
    const one = workload({ network: 'host' })
    expect(addressesOf(book.state, one)).toEqual([])
    book.run(enableOverlay())
    expect(addressesOf(book.state, one)).toEqual([])
    book.run(joinOverlay(ada))
    expect(addressesOf(book.state, one)).toEqual(['10.100.0.1'])
    book.run({ type: 'leave-overlay', node: ada })
    expect(addressesOf(book.state, one)).toEqual([])
  })

  test('of a container is its own, where it has one', () => {
    const one = workload()
    book.run(enableOverlay())
    book.run(joinOverlay(ada))
    expect(addressesOf(book.state, one)).toEqual([])
    const there = { ...one, overlayAddress: '10.200.1.2' }
    expect(addressesOf(book.state, there)).toEqual(['10.200.1.2'])
    book.run({ type: 'leave-overlay', node: ada })
    expect(addressesOf(book.state, there)).toEqual([])
  })
})
