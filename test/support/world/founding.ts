/** Starts all hosts of a mesh and makes them its members, before anything goes wrong. */
import type { Command } from '../../../src/core/state/types.ts'
import type { World } from '../../../src/simulation/world.ts'
import { admit, newMember, token } from '../control-samples.ts'
import type { Daemon, Host } from './host.ts'
import { theMesh } from './host.ts'

/** Returns when every host is known with its devices. */
export async function foundMesh(hosts: readonly Host[], world: World): Promise<void> {
  for (const host of hosts) host.boot()
  const leader = (): Daemon | undefined =>
    hosts.map(({ daemon }) => daemon).find((daemon) => daemon?.control.status().role === 'leader') ?? undefined
  await world.runUntil(() => leader() !== undefined && hosts.every(({ daemon }) => daemon?.isUp === true), 30_000)
  const [first] = hosts
  if (first === undefined) throw new Error('there are no hosts')
  const genesis = { name: 'lab', publicKey: 'a2V5', founder: first.id, createdAt: world.now() }
  await commit({ type: 'found', id: theMesh, genesis, founder: newMember(first.id), sealedKey: 'eA==' })
  for (const { id } of hosts.slice(1)) {
    await commit(token(`t-${id}`, world.now() + 600_000))
    await commit(admit(`t-${id}`, newMember(id)))
  }
  const isKnown = ({ id }: Host): boolean => (leader()?.control.state.members.get(id)?.inventory ?? null) !== null
  await world.runUntil(() => hosts.every(isKnown), 30_000)

  async function commit(command: Command): Promise<void> {
    let isDone = false
    const daemon = leader()
    if (daemon === undefined) throw new Error('nobody leads')
    const options = { id: `founding:${JSON.stringify(command)}`.slice(0, 200), by: daemon.context.self, signal: new AbortController().signal } // prettier-ignore
    const done = daemon.control.execute(command, options).then(() => {
      isDone = true
    })
    await world.runUntil(() => isDone, 10_000)
    await done
  }
}
