import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeViews } from '../../../../src/core/scheduler/node-views.ts'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import { Stock } from '../../../../src/core/scheduler/stock.ts'
import type { NodeSnapshot, Observed, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { GpuDevice, GpuLink } from '../../../../src/model/gpu.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { groupId, nodeId, partId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { admit, Book, found, gpu, inventory, newMember, submit, token } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const snapshotWith = (nodes: readonly NodeSnapshot[], pending: readonly Workload[]): Snapshot => ({
  ...{ ...quiet, at: 10_000, nodes, pending },
})

const ring: readonly GpuLink[] = [[0, 1], [1, 2], [2, 3], [0, 3]].map(([a = 0, b = 0]) => ({ devices: [a, b], kind: 'nvlink', width: 4 })) // prettier-ignore

/** What happens to the mesh between two plans. */
const happening = fc.oneof(
  fc.record({
    what: fc.constant('submit' as const),
    gpus: fc.integer({ min: 0, max: 4 }),
    gang: fc.integer({ min: 0, max: 3 }),
    array: fc.boolean(),
    zone: fc.boolean(),
    beside: fc.constantFrom('any' as const, 'apart' as const, 'near' as const),
    share: fc.boolean(),
    spread: fc.boolean(),
  }),
  fc.record({ what: fc.constantFrom('end' as const, 'cordon' as const, 'inventory' as const), which: fc.nat(20) }),
  fc.record({
    what: fc.constantFrom('fail' as const, 'heat' as const, 'silence' as const, 'outdated' as const),
    which: fc.nat(20),
  }),
  fc.record({ what: fc.constantFrom('join' as const, 'leave' as const), which: fc.nat(20) }),
  fc.record({ what: fc.constantFrom('label' as const, 'taint' as const, 'move' as const, 'restore' as const), which: fc.nat(20) }), // prettier-ignore
  fc.record({ what: fc.constant('plan' as const), isCarriedOut: fc.boolean() }),
)
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

/** A mesh of four, to which things happen. */
class Mesh {
  book = new Book()
  readonly observed = new Map<NodeId, Partial<Observed>>()
  #made = 0

  constructor() {
    this.book.run(found(nodeId('n0')))
    for (let i = 0; i < 4; i += 1) this.join(i)
  }

  join(i: number): void {
    const id = nodeId(`n${i}`)
    this.book.run(token(`t-${i}`))
    this.book.run(admit(`t-${i}`, newMember(id, { labels: { zone: `z${i % 2}` } })))
    this.#report(i)
  }

  /** `more` are devices of other hosts that were put into this one. */
  #report(i: number, more: readonly GpuDevice[] = []): void {
    const id = nodeId(`n${i}`)
    const { gpus, ...rest } = inventory(id, 2 + (i % 3), { links: i % 2 === 0 ? ring : [], sharing: true })
    this.book.run({ type: 'report-inventory', node: id, inventory: { ...rest, gpus: [...gpus, ...more] } })
  }

  readonly observe = (id: NodeId): Observed => ({
    ...{ liveness: 'alive', failed: new Set(), hot: new Set(), diskFreeMib: 1_000 },
    ...this.observed.get(id),
  })

  /** Anything but a plan. */
  happen(one: Exclude<Happening, { readonly what: 'plan' }>): void {
    const { book } = this
    if (one.what === 'submit') {
      const { gpus, gang, array, zone, beside, share, spread } = one
      const id = `wl-${(this.#made += 1)}`
      const parts = gang > 1 ? { parts: { count: gang, gang: !array } } : {}
      const where = {
        nodeSelector: zone ? { zone: 'z1' } : {},
        ...(beside === 'any' ? {} : { [beside]: [{ app: 'a' }] }),
        ...(spread ? { strategy: 'spread' } : {}),
      }
      const wanted = { count: gpus, ...(share && gpus > 0 ? { share: 20_000 } : {}) }
      book.run(submit(id, { gpus: wanted, cpus: 1, labels: { app: 'a' }, ...where, ...parts }, id))
      return
    }
    const members = [...book.state.members.keys()]
    const id = members[one.which % members.length]
    if (id === undefined) return
    switch (one.what) {
      case 'end': {
        const placed = [...book.state.workloads.values()].filter(({ state }) => state === 'starting')
        const placement = placed[one.which % placed.length]?.placement
        if (placement === null || placement === undefined) return
        book.run({ type: 'claim', placement: placement.id, node: placement.node })
        const startedAt = book.state.at
        book.run({ type: 'report-running', placement: placement.id, node: placement.node, startedAt })
        const end = { endedAt: book.state.at, exitCode: 0, error: null }
        book.run({ type: 'report-ended', placement: placement.id, node: placement.node, ...end })
        return
      }
      case 'cordon': {
        const mode = book.state.members.get(id)?.scheduling.mode === 'open' ? 'cordoned' : 'open'
        book.run({ type: 'set-scheduling', node: id, mode, reason: '', grace: null })
        return
      }
      case 'inventory':
        this.#report(one.which % 6)
        return
      case 'fail':
        this.observed.set(id, { failed: new Set([`GPU-${id}-0`]) })
        return
      case 'heat':
        this.observed.set(id, { hot: new Set([`GPU-${id}-1`]) })
        return
      case 'silence':
        this.observed.set(id, { liveness: this.observe(id).liveness === 'alive' ? 'suspect' : 'alive' })
        return
      case 'outdated':
        this.observed.set(id, this.observe(id).isOutdated === true ? {} : { isOutdated: true })
        return
      case 'join':
        this.join(4 + (one.which % 2))
        return
      case 'label': {
        const price = `${one.which % 3}.5`
        book.run({
          type: 'update-member',
          node: id,
          labels: { zone: `z${one.which % 3}`, 'price-per-gpu-hour': price },
        })
        return
      }
      case 'taint': {
        const taint = {
          key: 'shy',
          value: '',
          effect: one.which % 2 === 0 ? 'NoSchedule' : 'PreferNoSchedule',
        } as const
        const isTainted = book.state.members.get(id)?.taints.length !== 0
        book.run({
          type: 'update-taints',
          node: id,
          add: isTainted ? [] : [taint],
          remove: isTainted ? [{ key: 'shy' }] : [],
        })
        return
      }
      case 'move':
        this.#report(one.which % 6, [gpu(id, 0, { index: 7 })])
        return
      case 'restore':
        this.book = new Book(restore(snapshot(book.state)))
        return
      case 'leave':
        if (one.which % 4 === 0) book.run({ type: 'remove-member', node: id, force: true })
    }
  }
}

test('a plan with what was kept from the plans before is the plan that is made anew', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 60 }), (happenings) => {
      const [mesh, stock, views] = [new Mesh(), new Stock(), new NodeViews()]
      for (const one of [...happenings, { what: 'plan', isCarriedOut: true } as const]) {
        if (one.what !== 'plan') {
          mesh.happen(one)
          continue
        }
        const { state } = mesh.book
        const anew = snapshotOf(state, mesh.observe, state.at)
        const kept = snapshotOf(state, mesh.observe, state.at, { views })
        expect(kept).toEqual(anew)
        const decisions = plan(kept, defaultScheduling, stock)
        expect(decisions).toEqual(plan(anew, defaultScheduling))
        if (!one.isCarriedOut) continue
        for (const decision of decisions)
          if (decision.decision !== 'wait') {
            const { decision: type, ...rest } = decision
            mesh.book.run({ type, ...rest } as Parameters<Book['run']>[0])
          }
      }
    }),
    { numRuns: 300 },
  )
})

describe('between two looks at the same mesh', () => {
  test('a node is the same object unless something about it has changed', () => {
    const [mesh, views] = [new Mesh(), new NodeViews()]
    const before = views.look(mesh.book.state, mesh.observe)
    expect(views.look(mesh.book.state, mesh.observe).every((one, i) => one === before[i])).toBe(true)
    mesh.happen({ what: 'heat', which: 1 })
    const after = views.look(mesh.book.state, mesh.observe)
    expect(after.map((one, i) => one === before[i])).toEqual([true, false, true, true])
  })

  test('given a device that was put into another host, when the work that has it where it was ends, then it is free there', () => {
    const [mesh, views] = [new Mesh(), new NodeViews()]
    const [n0, n1] = [nodeId('n0'), nodeId('n1')]
    mesh.happen({
      what: 'submit',
      gpus: 1,
      gang: 1,
      array: false,
      zone: false,
      beside: 'any',
      share: false,
      spread: false,
    })
    const devices = [`GPU-${n0}-0`]
    const place = { type: 'place', workload: workloadId('wl-1'), attempt: 1, node: n0, devices } as const
    mesh.book.run({ ...place, executor: 'docker', because: '' })
    const { gpus, ...rest } = inventory(n1, 2)
    const together = { ...rest, gpus: [...gpus, gpu(n0, 0, { index: 2 })] }
    mesh.book.run({ type: 'report-inventory', node: n1, inventory: together })
    expect(views.look(mesh.book.state, mesh.observe)[1]?.held).toEqual(new Set(devices))
    mesh.happen({ what: 'end', which: 0 })
    expect(views.look(mesh.book.state, mesh.observe)[1]?.held).toEqual(new Set())
  })
})

test('given ever new kinds of requests, only those of the last plans are remembered', () => {
  const stock = new Stock()
  const nodes = [node('a', 4)]
  for (let i = 0; i < 300; i += 1)
    plan(snapshotWith(nodes, [work('wl', { gpus: { count: 1 }, memoryMib: 100 + i })]), defaultScheduling, stock)
  expect(stock.kinds).toBeLessThan(100)
})

test('given a node that is built otherwise again and again, then what was is not remembered for ever', () => {
  const stock = new Stock()
  const views = Array.from({ length: 5_000 }, (_, i) =>
    node('a', 1, { has: { gpus: [gpu(nodeId('a'), 0, { driver: `${i}` })] } }),
  )
  const pending = [work('wl', { gpus: { count: 1 } })]
  for (const one of views) plan(snapshotWith([one], pending), defaultScheduling, stock)
  expect(stock.builds).toBeLessThan(2_000)
})

test('given a gang that does not fit, smaller work behind it still goes to the nodes that were tried for it', () => {
  const id = groupId('wl-g')
  const lonely = { labels: { app: 'g' }, apart: [{ app: 'g' }], gpus: { count: 1 }, parts: { count: 2, gang: true } }
  const gang = [0, 1].map((index) => ({ ...work(partId(id, index), lonely), part: { group: id, index } }))
  const small = work('wl-small', { gpus: { count: 1 } }, { submittedAt: 2_000 })
  // Each part wants to be apart from the other, and there is one node only.
  const earlier = work('wl-earlier', { gpus: { count: 1 } }, { submittedAt: 500 })
  const decisions = plan(snapshotWith([node('a', 4)], [earlier, ...gang, small]), defaultScheduling)
  expect(decisions.map(({ decision }) => decision)).toEqual(['place', 'wait', 'place'])
})
