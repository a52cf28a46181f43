import { beforeEach, expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { create, decided, web } from '../../support/deployment-samples.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

let mesh: OperationsMesh
let service: OperationService

beforeEach(async () => {
  mesh = new OperationsMesh()
  service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
})

type Item = OutputOf<'log.read'>

function read(input: InputOf<'log.read'>): { readonly items: Item[]; readonly done: Promise<void> } {
  const items: Item[] = []
  const done = (async () => {
    for await (const item of service.open('log.read', input, { caller: admin, signal: new AbortController().signal }))
      items.push(item as Item)
  })()
  done.catch(() => 'looked at by the test')
  return { items, done }
}

function printed(name: string, node: typeof ada, ...texts: readonly string[]): void {
  const log = new FakeLog()
  const placement = mesh.running(mesh.idOf(name), node)
  mesh.logs.set(placement, log)
  log.write(...texts)
  log.end()
  mesh.ended(placement, node)
}

test.each([false, true])(
  'given several, when the node of one is gone, then that is noted and the others are read (follow: %s)',
  async (follow) => {
    mesh.apply(submit('wl-a', {}, 'far'))
    mesh.apply(submit('wl-b', {}, 'near'))
    printed('far', bob, 'lost')
    printed('near', ada, 'one')
    mesh.network.crash(bob)
    const { items, done } = read({ workloads: ['far', 'near'], follow })
    await play(mesh.world, done)
    expect(items.map(({ name, text }) => [name, text])).toEqual(
      expect.arrayContaining([
        ['far', ''],
        ['near', 'one\n'],
      ]),
    )
    expect(items.find(({ name }) => name === 'far')).toMatchObject({
      kinds: '',
      attempt: 1,
      note: expect.any(String) as string,
    })
  },
)

test.each([false, true])(
  'given several, when the nodes of all are gone, then each is noted and the whole fails (follow: %s)',
  async (follow) => {
    for (const name of ['far', 'further']) {
      mesh.apply(submit(`wl-${name}`, {}, name))
      printed(name, bob, 'lost')
    }
    mesh.network.crash(bob)
    const { items, done } = read({ workloads: ['far', 'further'], follow })
    await expect(play(mesh.world, done)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
    expect(items.map(({ name, kinds }) => [name, kinds])).toEqual([
      ['far', ''],
      ['further', ''],
    ])
  },
)

test('given only one, when its node is gone, then that is the failure', async () => {
  mesh.apply(submit('wl-a', {}, 'far'))
  printed('far', bob, 'lost')
  mesh.network.crash(bob)
  await expect(play(mesh.world, read({ workloads: ['far'] }).done)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})

test('given a followed deployment, when its only replica fails, then its replacement is read too, until it is deleted', async () => {
  const replica = (name: string) =>
    mesh.apply(decided(mesh.book, { start: [{ workload: workloadId(`wl-${name}`), name, revision: 1 }] }))
  mesh.apply(create({ replicas: 1 }))
  replica('web-r1-aaaaa')
  const { items, done } = read({ workloads: ['web'], follow: true })
  await mesh.world.runFor(100)
  printed('web-r1-aaaaa', bob, 'first')
  await mesh.world.runFor(5_000)
  replica('web-r1-bbbbb')
  printed('web-r1-bbbbb', ada, 'second')
  for (let i = 0; i < 20; i += 1) await mesh.world.runFor(50)
  expect(items.map(({ name, text }) => [name, text])).toEqual([
    ['web-r1-aaaaa', 'first\n'],
    ['web-r1-bbbbb', 'second\n'],
  ])
  mesh.apply({ type: 'delete-deployment', deployment: web })
  await play(mesh.world, done)
})
