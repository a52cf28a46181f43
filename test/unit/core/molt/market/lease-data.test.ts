import { describe, expect, test } from 'vitest'
import { roomLeft } from '../../../../../src/core/molt/market/data-room.ts'
import { lendingOf } from '../../../../../src/core/molt/market/lending.ts'
import { isImageShared, isOver } from '../../../../../src/core/molt/market/lease-change.ts'
import { leaseSpec } from '../../../../../src/core/molt/market/lease-work.ts'
import type { Lease, LeaseInput } from '../../../../../src/core/molt/market/lease.ts'
import { leaseDuties, leaseStep, leaseWakeAt, newLease } from '../../../../../src/core/molt/market/lease.ts'
import { areTermsOf, termsOf } from '../../../../../src/core/molt/market/terms.ts'
import { guestFindings } from '../../../../../src/core/policy/guest.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import type { DataWant } from '../../../../../src/model/molt-data.ts'
import type { Work } from '../../../../../src/model/molt-work.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import { aWant, decided, now } from '../../../../support/molt/market.ts'
import { agreed } from '../../../../support/molt/samples.ts'
import { someWork } from '../../../../support/molt/scripted-buyer.ts'

const gib = 2 ** 30
const asked = (data: Partial<DataWant>): DataWant => ({ inputs: 0, outputs: 0, image: 0, ...data })
const bidFor = (data: Partial<DataWant>, room: number | null = 100 * gib) =>
  decided({ want: { data: asked(data) }, situation: { room }, policy: { data: { send: '20m', keep: '2h' } } })

function leaseWith(data: Partial<DataWant>): Lease {
  const decision = bidFor(data)
  if (decision.type === 'decline') throw new Error(decision.reason)
  const want = aWant({ data: asked(data) })
  const terms = termsOf(decision.bid, want, { job: 'job', hold: decision.bid.credit * 4n, at: now })
  const signed = { bid: decision.bid, signature: '' }
  return [{ type: 'agreed', agreement: agreed(terms) } as const, { type: 'funded' } as const].reduce<Lease>(
    (lease, input) => leaseStep(lease, input, now),
    newLease(signed, want, ['G0', 'G1'], now),
  )
}
const then = (lease: Lease, ...inputs: readonly (readonly [at: number, type: LeaseInput['type']])[]): Lease =>
  inputs.reduce((one, [at, type]) => leaseStep(one, inputOf(type), at), lease)
function inputOf(type: LeaseInput['type']): LeaseInput {
  if (type === 'ended') return { type, isFailed: false }
  if (type === 'closed') return { type, outcome: { how: 'agreed', paid: 0n } }
  return { type } as LeaseInput
}
const duties = (lease: Lease, at: number) => leaseDuties(lease, at).map(({ type }) => type)
const wipes = (lease: Lease, at: number) => leaseDuties(lease, at).filter(({ type }) => type === 'wipe')

describe('given a want of which data is a part', () => {
  test('when its provider has room for it, then its bid says for how long it waits and keeps, and so do the terms', () => {
    const decision = bidFor({ inputs: gib, outputs: 2 * gib })
    if (decision.type === 'decline') throw new Error(decision.reason)
    const data = { inputs: gib, outputs: 2 * gib, image: 0, sendMs: 20 * minute, keepMs: 2 * hour }
    expect(decision.bid.data).toEqual(data)
    const want = aWant({ data: asked({ inputs: gib, outputs: 2 * gib }) })
    const terms = termsOf(decision.bid, want, { job: 'job', hold: decision.bid.credit, at: now })
    expect(terms.data).toEqual(data)
    expect(terms.endsAt).toBe(now + 30 * minute + want.duration)
    expect(areTermsOf(decision.bid, want, terms, now)).toBe(true)
    const other = { ...terms, data: { ...data, keepMs: 30 * 24 * hour } }
    expect(areTermsOf(decision.bid, want, other, now)).toBe(false)
  })

  test.each([
    ['more is sent than its owner takes', { inputs: 11 * gib }, 100 * gib],
    ['more is to be kept than its owner keeps', { outputs: 11 * gib }, 100 * gib],
    ['the image is larger than its owner takes', { image: 21 * gib }, 100 * gib],
    ['others have all the room', { outputs: gib }, gib - 1],
    ['it runs no containers', { outputs: gib }, null],
  ] as const)('when %s, then it declines', (_, data, room) => {
    expect(bidFor(data, room)).toEqual({ type: 'decline', reason: 'data' })
  })

  test('when nothing is sent or kept, then bid and terms are as they were before there was such a thing', () => {
    const decision = decided({})
    expect(decision.type === 'bid' && 'data' in decision.bid).toBe(false)
  })
})

describe('given a lease to which its buyer has to send something', () => {
  const lease = leaseWith({ inputs: gib })

  test('when it is paid for, then its work does not begin before all of it is there', () => {
    expect(duties(lease, now)).toContain('receive')
    expect(duties(lease, now)).not.toContain('start')
    expect(duties(then(lease, [now + minute, 'supplied']), now + minute)).toContain('start')
  })

  test('when it does not come, then the GPUs wait for it no longer than was agreed on', () => {
    expect(leaseWakeAt(lease)).toBe(now + 30 * minute)
    expect(then(lease, [now + 30 * minute - 1, 'tick']).state).toBe('funded')
    expect(then(lease, [now + 30 * minute, 'tick'])).toMatchObject({ state: 'closing', why: 'not-started' })
  })

  test('when it is over before it began, then all of it is wiped at once', () => {
    const over = then(lease, [now + minute, 'cancel'], [now + minute, 'stopped'])
    expect(wipes(over, now + minute)).toEqual([{ type: 'wipe', outputs: true }])
  })
})

describe('given work that leaves something for its buyer', () => {
  const at = now + 10 * second
  const over = then(leaseWith({ outputs: gib }), [now, 'started'], [at, 'ended'], [at, 'stopped'])
  const closed = then(over, [at + second, 'closed'])

  test('when it is over, then all else is wiped, and that is kept while the agreement is open, and for as long as was agreed on after that', () => {
    expect(wipes(over, at + hour)).toEqual([{ type: 'wipe', outputs: false }])
    expect(wipes(closed, at + hour)).toEqual([{ type: 'wipe', outputs: false }])
    expect(leaseWakeAt(closed)).toBe(at + second + 2 * hour)
    expect(wipes(closed, at + second + 2 * hour)).toEqual([{ type: 'wipe', outputs: true }])
    expect(isOver(closed)).toBe(false)
  })

  test.each([
    ['its buyer has it', 'fetched'],
    ['its owner leaves the network', 'leave'],
  ] as const)('when %s, then it goes', (_, type) => {
    const gone = then(closed, [at + minute, type])
    expect(wipes(gone, at + minute)).toEqual([{ type: 'wipe', outputs: true }])
    const wiped = then(gone, [at + minute, 'wiped'])
    expect([wipes(wiped, at + minute), isOver(wiped)]).toEqual([[], true])
  })

  test('when its GPUs are wanted back after its end, then what it has left stays for its buyer', () => {
    for (const lease of [over, closed])
      expect(wipes(then(lease, [at + minute, 'reclaim']), at + minute)).toEqual([{ type: 'wipe', outputs: false }])
  })

  test('when its owner leaves the network before the agreement is closed, then it goes as soon as the work is over', () => {
    expect(wipes(then(over, [at + minute, 'leave']), at + minute)).toEqual([{ type: 'wipe', outputs: true }])
  })

  test('when room is asked for, then it counts until it is wiped', () => {
    const lending = lendingOf('moderate', { data: { all: '3Gi' } })
    expect(roomLeft(lending, [closed])).toBe(2 * gib)
    expect(roomLeft(lending, [then(closed, [at, 'fetched'], [at, 'wiped'])])).toBe(3 * gib)
  })
})

describe('given what a buyer says of its folders', () => {
  const { terms } = leaseWith({ inputs: gib, outputs: gib }).agreement ?? agreed()
  const sha256 = '0'.repeat(64)
  const specOf = (work: Partial<Work>) =>
    leaseSpec({
      ...{ agreement: 'f'.repeat(64), terms, work: someWork(work), node: nodeId('home'), indexes: [0] },
      ...{
        executor: 'docker' as const,
        share: { cpus: 4, memoryMib: 8_000 },
        priority: 0,
        secrets: [],
        isOffline: true,
      },
    })

  test('when they are in order, then its work mounts them, cannot write to what it was sent, and is a guest as any other', () => {
    const spec = specOf({ inputs: [{ to: '/in', bytes: 10, sha256 }], outputs: ['/out'] })
    if (spec === null) throw new Error('it is one')
    expect(spec.mounts).toEqual([
      { source: 'lease-ffffffffffffffff-in-0', target: '/in', readOnly: true },
      { source: 'lease-ffffffffffffffff-out-0', target: '/out', readOnly: false },
    ])
    expect(guestFindings(spec)).toEqual([])
    const theirs = spec.mounts.map((mount) => ({ ...mount, source: mount.source.replace('ffff', '0000') }))
    for (const mounts of [theirs, [{ source: '/etc', target: '/in', readOnly: true }]])
      expect(guestFindings({ ...spec, mounts })).toMatchObject([{ rule: 'mounts' }])
  })

  test.each<readonly [string, Partial<Work>]>([
    ['one is in another', { outputs: ['/out', '/out/more'] }],
    ['two are the same', { inputs: [{ to: '/x', bytes: 1, sha256 }], outputs: ['/x'] }],
    ['more is sent than was agreed on', { inputs: [{ to: '/in', bytes: gib + 1, sha256 }] }],
  ])('when %s, then it is no work that can be run', (_, work) => {
    expect(specOf(work)).toBeNull()
  })

  test('when nothing was agreed on, then no folder is given', () => {
    expect(leaseSpec({ ...init, terms: agreed().terms, work: someWork({ outputs: ['/out'] }) })).toBeNull()
  })
  const init = {
    ...{ agreement: 'f'.repeat(64), node: nodeId('home'), indexes: [0], executor: 'docker' as const },
    ...{ share: { cpus: 4, memoryMib: 8_000 }, priority: 0, secrets: [], isOffline: true },
  }
})

describe('given two leases that name the same image', () => {
  const one = leaseWith({ image: gib })
  const other: Lease = { ...leaseWith({ inputs: gib }), key: 'f'.repeat(64) }

  test('when one ends, then the other needs the image until it has stopped, whether its own buyer would send it or not', () => {
    expect(isImageShared(one, [one])).toBe(false)
    expect(isImageShared(one, [one, other])).toBe(true)
    const ended = then(other, [now, 'ended'])
    expect(isImageShared(one, [one, ended])).toBe(true)
    expect(isImageShared(one, [one, then(ended, [now, 'stopped'])])).toBe(false)
  })

  test('when the other names another one, then nobody else needs it', () => {
    const { agreement } = other
    const terms = agreement === null ? null : { ...agreement.terms, image: `sha256:${'b'.repeat(64)}` }
    const apart = agreement === null || terms === null ? other : { ...other, agreement: { ...agreement, terms } }
    expect(isImageShared(one, [one, apart])).toBe(false)
  })
})
