import { beforeEach, expect, test } from 'vitest'
import { placementId } from '../../../src/model/ids.ts'
import type { InputOf, OutputOf } from '../../../src/operations/registry.ts'
import { ada, bob, inventory, submit } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']

beforeEach(async () => {
  ;({ mesh, run } = await twoPeers())
})

const migrate = (input: InputOf<'workload.migrate'>): Promise<OutputOf<'workload.migrate'>> =>
  run('workload.migrate', input)
const problem = (text: string) => ({ code: 'INVALID_REQUEST', message: expect.stringContaining(text) as string })

function running(parts: Record<string, unknown> = {}, devices: readonly number[] = []): void {
  mesh.apply(submit('wl-a', parts, 'train'))
  mesh.running(mesh.idOf('train'), bob, devices)
}

test('a workload is stopped with the grace that was named, and prefers the node that was named', async () => {
  running()
  expect(await migrate({ workload: 'train', to: 'ada', grace: '2s' })).toMatchObject({ state: 'stopping', node: 'bob' })
  expect(mesh.commands.at(-1)).toMatchObject({ type: 'evict', placement: 'wl-a.1', target: ada, grace: 2_000 })
  mesh.ended(placementId(mesh.idOf('train'), 1), bob, 143)
  expect(mesh.book.state.workloads.get(mesh.idOf('train'))).toMatchObject({ state: 'pending', preferredNode: ada })
})

test('a full node may have room by then, a node that can never run it is refused with the reason', async () => {
  running({ gpus: { count: 2 } }, [0, 1])
  mesh.apply(submit('wl-b', { gpus: { count: 2 } }, 'full'))
  mesh.running(mesh.idOf('full'), ada, [0, 1])
  mesh.apply({ type: 'report-inventory', node: ada, inventory: inventory(ada, 1) })
  await expect(migrate({ workload: 'train', to: 'ada' })).rejects.toMatchObject(
    problem('train can go nowhere: ada needs 2 GPUs, has 1'),
  )
  mesh.apply({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2) })
  expect(await migrate({ workload: 'train', to: 'ada' })).toMatchObject({ state: 'stopping' })
})

test('without a target, some other node must be able to run it', async () => {
  running()
  mesh.liveness.set(ada, 'lost')
  await expect(migrate({ workload: 'train' })).rejects.toMatchObject(problem('can go nowhere else: ada is offline'))
  mesh.liveness.set(ada, 'alive')
  await migrate({ workload: 'train' })
  expect(mesh.commands.at(-1)).toMatchObject({ type: 'evict', target: null, grace: null })
})

test('what runs there already, is leaving, waits, or has ended, does not migrate', async () => {
  mesh.apply(submit('wl-b', {}, 'waits'))
  await expect(migrate({ workload: 'waits' })).rejects.toMatchObject(problem('is on no node yet'))
  running()
  await expect(migrate({ workload: 'train', to: 'bob' })).rejects.toMatchObject(problem('is on bob already'))
  await migrate({ workload: 'train' })
  await expect(migrate({ workload: 'train', to: 'ada' })).rejects.toMatchObject(problem('is leaving its node already'))
  mesh.apply({ type: 'request-stop', workload: mesh.idOf('train'), force: false })
  await expect(migrate({ workload: 'train' })).rejects.toMatchObject(problem('was asked to stop'))
  mesh.ended('wl-a.1' as never, bob)
  await expect(migrate({ workload: 'wl-a' })).rejects.toMatchObject(problem('has ended'))
})
