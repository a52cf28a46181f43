import { beforeEach, expect, test } from 'vitest'
import { bob, submit } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let mesh: OperationsMesh
let run: TwoPeers['run']

beforeEach(async () => {
  ;({ mesh, run } = await twoPeers())
})

const specNow = () => [...mesh.book.state.deployments.values()][0]?.revisions.at(-1)?.spec

test('given a dependency and a node that are forgotten, when something else is changed, then they stay as they were', async () => {
  mesh.apply(submit('wl-seed', {}, 'seed'))
  await run('deploy.create', { name: 'web', image: 'app:1', afterOk: ['seed'], node: 'bob' })
  mesh.book.state.workloads.delete(mesh.idOf('seed'))
  mesh.book.state.names.delete('seed')
  mesh.book.state.members.delete(bob)
  expect(await run('deploy.update', { deployment: 'web', image: 'app:2' })).toMatchObject({ revision: 2 })
  const dependencies = [{ workload: 'wl-seed', condition: 'afterOk' }]
  expect(specNow()).toMatchObject({ image: 'app:2', node: bob, dependencies })
  await expect(run('deploy.update', { deployment: 'web', after: ['seed'] })).rejects.toMatchObject({
    code: 'WORKLOAD_NOT_FOUND',
  })
})
