import { beforeEach, describe, expect, test } from 'vitest'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { bob, submit } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let service: OperationService
let run: TwoPeers['run']
const { signal } = new AbortController()

beforeEach(async () => {
  ;({ mesh, service, run } = await twoPeers())
})

const scheduling = () => mesh.book.state.members.get(bob)?.scheduling

describe('a node', () => {
  test('is cordoned with a reason, keeps its work, and is opened again', async () => {
    mesh.apply(submit('wl-a', {}, 'train'))
    mesh.running(mesh.idOf('train'), bob)
    expect(await run('node.cordon', { node: 'bob', reason: 'new driver' })).toEqual({
      ...{ id: 'bob', name: 'bob', mode: 'cordoned', reason: 'new driver' },
      left: [{ id: 'wl-a', name: 'train', state: 'running', why: 'stays' }],
    })
    expect(await run('node.uncordon', { node: 'bob' })).toMatchObject({ mode: 'open', reason: '' })
    expect(scheduling()?.mode).toBe('open')
  })

  test.each<[string, Omit<InputOf<'node.drain'>, 'node'>, number | null]>([
    ['each workload’s own grace', {}, null],
    ['the grace that is named', { grace: '30s' }, 30_000],
    ['none when forced', { grace: '30s', force: true }, 0],
  ])('is drained with %s', async (_, input, grace) => {
    expect(await run('node.drain', { node: 'bob', ...input })).toMatchObject({ mode: 'draining', left: [] })
    expect(scheduling()).toMatchObject({ mode: 'draining', grace })
    await run('node.undrain', { node: 'bob' })
    expect(scheduling()?.mode).toBe('open')
  })

  test('that is drained has what can save do so first, unless it is killed', async () => {
    mesh.apply(submit('wl-a', { stopGraceMs: 3_000, checkpoint: { signal: 'SIGUSR1', saveMs: 60_000 } }, 'train'))
    mesh.running(mesh.idOf('train'), bob)
    const placement = mesh.book.state.workloads.get(mesh.idOf('train'))?.placement?.id
    if (placement === undefined) throw new Error('not placed')
    const why = async (grace: number | null): Promise<string | undefined> => {
      mesh.apply({ type: 'evict', placement, reason: 'bob is drained', grace, target: null, avoid: false })
      return (await run('node.cordon', { node: 'bob' })).left[0]?.why
    }
    expect(await why(null)).toBe(
      'may save what it has done for 60 s, and is then stopped, and killed after another 3 s',
    )
    expect(await why(0)).toBe('is being killed')
  })

  test('that nobody knows is told as such', async () => {
    await expect(run('node.drain', { node: 'eve' })).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' })
    await expect(run('node.drain', { node: 'bob', grace: 'soon' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('what is left on a node that is drained', () => {
  type Item = OutputOf<'node.drained'>
  let seen: Item[]
  let told: Promise<void>

  const watch = async (): Promise<void> => {
    for await (const item of service.open('node.drained', { node: 'bob' }, { caller: admin, signal }))
      seen.push(item as Item)
  }
  const why = (): string | undefined => seen.at(-1)?.left[0]?.why

  beforeEach(async () => {
    seen = []
    mesh.apply(submit('wl-a', { stopGraceMs: 3_000, onPartition: 'continue' }, 'train'))
    mesh.running(mesh.idOf('train'), bob)
    await run('node.drain', { node: 'bob' })
    told = watch()
    await mesh.world.runFor(50)
  })

  test('is told with what it waits for, until nothing is left', async () => {
    expect(why()).toBe('waits for its turn to leave')
    const placement = mesh.book.state.workloads.get(mesh.idOf('train'))?.placement?.id
    if (placement === undefined) throw new Error('not placed')
    mesh.apply({ type: 'evict', placement, reason: 'bob is drained', grace: null, target: null, avoid: false })
    await mesh.world.runFor(50)
    expect(why()).toBe('is being stopped, and killed 3 s after it was asked')
    mesh.ended(placement, bob, 143)
    await play(mesh.world, told)
    expect(seen.at(-1)).toMatchObject({ mode: 'draining', left: [] })
  })

  test('waits for a node that is silent', async () => {
    mesh.liveness.set(bob, 'lost')
    await mesh.world.runFor(1_500)
    expect(why()).toBe('waits for bob, which does not answer')
  })

  test('is told no more once somebody opens the node', async () => {
    await run('node.undrain', { node: 'bob' })
    await play(mesh.world, told)
    expect(seen.at(-1)).toMatchObject({ mode: 'open', left: [{ name: 'train' }] })
  })
})

test('taints are added, replaced by key and effect, and taken away by either', async () => {
  const taints = async (change: Omit<InputOf<'node.taint'>, 'node'>) =>
    (await run('node.taint', { node: 'bob', ...change })).taints.map(
      ({ key, value, effect }) => `${key}=${value}:${effect}`,
    )
  const gpu = { key: 'gpu', value: 'old', effect: 'NoSchedule' } as const
  await taints({ add: [gpu, { key: 'gpu', effect: 'NoExecute' }, { key: 'team', value: 'a', effect: 'NoSchedule' }] })
  expect(await taints({ add: [{ ...gpu, value: 'new' }] })).toEqual([
    'gpu=:NoExecute',
    'team=a:NoSchedule',
    'gpu=new:NoSchedule',
  ])
  expect(await taints({ remove: [{ key: 'gpu', effect: 'NoExecute' }] })).toEqual([
    'team=a:NoSchedule',
    'gpu=new:NoSchedule',
  ])
  expect(await taints({ remove: [{ key: 'gpu' }, { key: 'none' }] })).toEqual(['team=a:NoSchedule'])
  expect(mesh.book.state.members.get(bob)?.taints).toEqual([{ key: 'team', value: 'a', effect: 'NoSchedule' }])
})
