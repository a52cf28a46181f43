import { describe, expect, test } from 'vitest'
import { plan } from '../../../../src/core/scheduler/plan.ts'
import { snapshotOf } from '../../../../src/core/scheduler/snapshot.ts'
import type { NodeSnapshot, Snapshot } from '../../../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../../../src/core/scheduler/types.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot as bytesOf } from '../../../../src/core/state/snapshot.ts'
import { groupId, nodeId, partId, placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'
import { node, quiet, work } from '../../../support/scheduler-samples.ts'

const decide = (nodes: readonly NodeSnapshot[], pending: readonly Workload[], parts: Partial<Snapshot> = {}) =>
  plan({ ...quiet, at: 10_000, nodes, pending, ...parts }, defaultScheduling)

const placesOf = (...asked: Parameters<typeof decide>) =>
  decide(...asked).map((one) => (one.decision === 'place' ? one.node : one.decision))

const becauseOf = (...asked: Parameters<typeof decide>) =>
  decide(...asked).map((one) => (one.decision === 'wait' ? one.reason : one.because))

const one = { gpus: { count: 1 } }
const taken = (name: string, count: number) => new Set(Array.from({ length: count }, (_, i) => `GPU-${name}-${i}`))
const zone = (name: string, more: Parameters<typeof node>[2] = {}) => ({ labels: { zone: name }, ...more })

describe('given that some nodes have the image', () => {
  const images = new Map([['busybox:1.36', new Map([[nodeId('b'), 1]])]])

  test('when work is as well off there, then it goes there, and that is said', () => {
    expect(placesOf([node('a', 4), node('b', 4)], [work('wl', one)], { images })).toEqual(['b'])
    expect(becauseOf([node('a', 4), node('b', 4)], [work('wl', one)], { images })).toEqual([
      '2 of 2 nodes could run it, and this one has its image; this one then has 3 GPUs free',
    ])
  })

  test('when it would have gone there anyway, then nothing is said of it', () => {
    const nodes = [node('a', 4), node('b', 4, { held: taken('b', 2) })]
    expect(becauseOf(nodes, [work('wl', one)], { images })).toEqual([
      '2 of 2 nodes could run it; this one then has 1 GPUs free',
    ])
  })

  test('when the devices there are hot, or dearer, then it goes where it is better off', () => {
    const hot = new Set(['GPU-b-0'])
    expect(placesOf([node('a', 1), node('b', 1, { hot })], [work('wl', one)], { images })).toEqual(['a'])
    const dear = { labels: { 'price-per-gpu-hour': '2' } }
    expect(placesOf([node('a', 1), node('b', 1, dear)], [work('wl', one)], { images })).toEqual(['a'])
  })

  test('when they are full, then it pulls the image elsewhere', () => {
    expect(placesOf([node('a', 1), node('b', 1)], [work('first', one), work('second', one)], { images })).toEqual(['b', 'a']) // prettier-ignore
  })

  test('when very many have it, then the best of them is taken if it is among the best of all', () => {
    const nodes = Array.from({ length: 400 }, (_, i) => node(`n${i}`, 4))
    const from = (first: number) =>
      new Map([['busybox:1.36', new Map(nodes.slice(first).map(({ id }) => [id, 1] as const))]])
    expect(placesOf(nodes, [work('wl', one)], { images: from(20) })).toEqual(['n20'])
    expect(placesOf(nodes, [work('wl', one)], { images: from(40) })).toEqual(['n0'])
  })

  test('when work is to be spread, then it is spread rather than gathered where the image is', () => {
    const busy = { usage: { cpuMillis: 0, memoryMib: 0, placements: 1 } }
    const spread = work('wl', { ...one, strategy: 'spread' })
    expect(placesOf([node('a', 4), node('b', 4, busy)], [spread], { images })).toEqual(['a'])
    expect(placesOf([node('a', 4), node('b', 4)], [spread], { images })).toEqual(['b'])
  })
})

describe('given that nodes have prices', () => {
  const at = (price: string) => ({ labels: { 'price-per-gpu-hour': price } })

  test('then the cheaper one is taken, although another has less left, and the price is said', () => {
    const nodes = [node('a', 4, { ...at('2.50'), held: taken('a', 3) }), node('b', 4, at('0.9'))]
    expect(placesOf(nodes, [work('wl', one)])).toEqual(['b'])
    expect(becauseOf(nodes, [work('wl', one)])).toEqual([
      '2 of 2 nodes could run it; this one then has 3 GPUs free at a price of 0.9 for each GPU and hour',
    ])
  })

  test('then a node without a price costs nothing, and one whose price cannot be read is the dearest', () => {
    expect(placesOf([node('a', 1, at('0.1')), node('b', 1)], [work('wl', one)])).toEqual(['b'])
    expect(placesOf([node('a', 1, at('cheap')), node('b', 1, at('99'))], [work('wl', one)])).toEqual(['b'])
  })

  test.each(['-1', 'NaN', 'Infinity', '1e3', '1,5', ' 1', '٣', '9999999999', '1\u001b[31m'])(
    'then %j is no price, and is not repeated',
    (price) => {
      expect(placesOf([node('a', 1, at(price)), node('b', 1, at('999999999.9'))], [work('wl', one)])).toEqual(['b'])
      expect(becauseOf([node('a', 1, at(price))], [work('wl', one)])).toEqual([
        '1 of 1 nodes could run it; this one then has 0 GPUs free at a price that cannot be read',
      ])
    },
  )

  test('then work that needs no GPU does not look at it', () => {
    const nodes = [node('a', 1, at('5')), node('b', 1)]
    expect(placesOf(nodes, [work('wl', { cpus: 1 })])).toEqual(['a'])
    expect(becauseOf(nodes, [work('wl', { cpus: 1 })])[0]).not.toContain('price')
  })

  test('then work that is to be spread is spread first', () => {
    const busy = { usage: { cpuMillis: 0, memoryMib: 0, placements: 1 } }
    const spread = work('wl', { ...one, strategy: 'spread' })
    expect(placesOf([node('a', 4, at('5')), node('b', 4, { ...at('1'), ...busy })], [spread])).toEqual(['a'])
  })
})

describe('given nodes in zones', () => {
  const array = (count: number, more: Record<string, unknown> = {}): readonly Workload[] =>
    Array.from({ length: count }, (_, index) => ({
      ...work(partId(groupId('wl-g'), index), { ...one, parts: { count, gang: false }, ...more }),
      part: { group: groupId('wl-g'), index },
    }))
  const nodes = [node('a1', 8, zone('a')), node('a2', 8, zone('a')), node('a3', 8, zone('a')), node('b1', 8, zone('b'))]
  const inZones = (places: readonly string[]) => places.map((place) => place[0]).toSorted().join('') // prettier-ignore

  test('when an array is to be spread, then every zone has as many of its parts, however many nodes it has', () => {
    expect(inZones(placesOf(nodes, array(6, { strategy: 'spread' })))).toBe('aaabbb')
  })

  test('when parts of it have a place already, then they count', () => {
    const kin = new Map([[groupId('wl-g'), [nodeId('b1'), nodeId('b1')]]])
    expect(inZones(placesOf(nodes, array(2, { strategy: 'spread' }), { kin }))).toBe('aa')
  })

  test('when the zone with fewest of them is full, then the next one has them', () => {
    const full = [node('a1', 8, zone('a')), node('b1', 1, zone('b', { held: taken('b1', 1) }))]
    expect(inZones(placesOf(full, array(2, { strategy: 'spread' })))).toBe('aa')
  })

  test('when it is the zone that decided, then that is said', () => {
    const kin = new Map([[groupId('wl-g'), [nodeId('a1')]]])
    const [because] = becauseOf(nodes, array(1, { strategy: 'spread' }), { kin })
    expect(because).toMatch(/^4 of 4 nodes could run it, and in its zone are fewest of the other parts; /)
  })

  test('when an array is not to be spread, then it fills one node after the other', () => {
    expect(placesOf(nodes, array(3))).toEqual(['a1', 'a1', 'a1'])
  })

  test('when work waited for other work, then it goes to the zone in which that was', () => {
    const kin = new Map([[workloadId('wl'), [nodeId('b1')]]])
    expect(becauseOf(nodes, [work('wl', one)], { kin })).toEqual([
      '4 of 4 nodes could run it, and in its zone was what it waited for; this one then has 7 GPUs free',
    ])
    const full = nodes.map((each) => (each.name === 'b1' ? { ...each, held: taken('b1', 8) } : each))
    expect(placesOf(full, [work('wl', one)], { kin })).toEqual(['a1'])
  })
})

describe('what the mesh knows of images', () => {
  const observe = () =>
    ({ liveness: 'alive', failed: new Set<string>(), hot: new Set<string>(), diskFreeMib: null }) as const
  const run = (book: Book, name: string, on: typeof ada, executor: 'docker' | 'process' = 'docker') => {
    const workload = workloadId(name)
    const placement = placementId(workload, 1)
    expect(refusal(book.run(submit(name, { image: 'trainer:1' })))).toBe(null)
    expect(refusal(book.run({ type: 'place', workload, attempt: 1, node: on, devices: [], executor }))).toBe(null)
    book.run({ type: 'claim', placement, node: on })
    expect(refusal(book.run({ type: 'report-running', placement, node: on, startedAt: 1_000 }))).toBe(null)
    return () => book.run({ type: 'report-ended', placement, node: on, endedAt: 2_000, exitCode: 0, error: null })
  }
  const holders = ({ state }: Book) => [...(snapshotOf(state, observe, 5_000).images.get('trainer:1')?.keys() ?? [])]

  test('given a container that has started, then its node has the image, also after its end and after a snapshot', () => {
    const book = meshOf([ada, bob])
    run(book, 'train', bob)()
    expect(holders(book)).toEqual([bob])
    expect(restore(bytesOf(book.state)).images).toEqual(book.state.images)
  })

  test('given that all of it is forgotten, then nothing is known any more', () => {
    const book = meshOf([ada, bob])
    run(book, 'train', bob)()
    expect(refusal(book.run({ type: 'prune', workloads: [workloadId('train')] }))).toBe(null)
    expect(holders(book)).toEqual([])
  })

  test('given work that runs without an engine, then its image is only a name', () => {
    const book = meshOf([ada, bob])
    run(book, 'train', bob, 'process')
    expect(holders(book)).toEqual([])
  })

  test('given work that waits for it, then the zone of both is known', () => {
    const book = meshOf([ada, bob])
    run(book, 'before', bob)()
    book.run(submit('after', { dependencies: [{ workload: workloadId('before'), condition: 'afterOk' }] }))
    expect(snapshotOf(book.state, observe, 5_000).kin).toEqual(new Map([[workloadId('after'), [bob]]]))
  })
})
