/** Finding each other: on one LAN by multicast, elsewhere by what is remembered. And not finding those of another mesh. */
import { afterEach, expect, test } from 'vitest'
import { exchange } from '../support/http.ts'
import { type Daemon, eventually, freeAddress, Mesh, type MeshPlan, type NodeRow } from '../support/mesh.ts'
import { hasMulticast } from '../support/multicast.ts'

const meshes: Mesh[] = []
afterEach(async () => {
  await Promise.all(meshes.splice(0).map((mesh) => mesh.stop()))
})

async function start(plan: MeshPlan): Promise<Mesh> {
  const mesh = await Mesh.start(plan)
  meshes.push(mesh)
  return mesh
}

const nodesOf = (daemon: Daemon): Promise<NodeRow[]> => daemon.json<NodeRow[]>('node', 'list')
const allHealthy = (mesh: Mesh): Promise<unknown> =>
  Promise.all(
    mesh.daemons.map((daemon) =>
      eventually(
        `${daemon.name} finds all healthy`,
        60_000,
        () => nodesOf(daemon),
        (rows) => rows.length === mesh.daemons.length && rows.every(({ status }) => status === 'healthy'),
      ),
    ),
  )

async function move(daemon: Daemon, everywhere = false): Promise<void> {
  await daemon.end()
  daemon.relocate(await freeAddress(everywhere))
  await daemon.start()
}

test.skipIf(!(await hasMulticast()))(
  'on a network with multicast, members that have all moved find each other, and another mesh stays alone',
  async () => {
    const ours = await start({ names: ['ours-1', 'ours-2'], mdns: true })
    const theirs = await start({ names: ['theirs'], mdns: true })
    await allHealthy(ours)

    await Promise.all(ours.daemons.map((daemon) => daemon.end()))
    for (const daemon of ours.daemons) daemon.relocate(await freeAddress(true))
    await Promise.all(ours.daemons.map((daemon) => daemon.start()))
    await allHealthy(ours)

    const stranger = theirs.get(0)
    expect((await nodesOf(stranger)).map(({ name }) => name)).toEqual(['theirs'])
    for (const daemon of ours.daemons)
      expect((await nodesOf(daemon)).map(({ name }) => name).toSorted()).toEqual(['ours-1', 'ours-2'])
    const { body } = await exchange(stranger.socket, { path: '/metrics' })
    expect(body).not.toMatch(/^claw_net_(peers_up [1-9]|hellos_refused_total)/m)
  },
)

test('without multicast, a member that moved tells where it is now, and the others may then move as well', async () => {
  const mesh = await start({ names: ['still', 'mover'] })
  const [still, mover] = [mesh.get(0), mesh.get(1)]
  await allHealthy(mesh)
  await move(mover)
  await allHealthy(mesh)
  await move(still)
  await allHealthy(mesh)
  expect((await mover.cli('run', '--node', 'still', 'host', '--', 'true')).code).toBe(0)
})
