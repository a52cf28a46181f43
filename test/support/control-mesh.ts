/** Three members with a control plane each, of which the first has founded the mesh and leads, over a fake consensus in virtual time. */
import type { Command, CommandOf } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import type { Executed } from '../../src/services/control/types.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import type { ControlPeer } from './control-peers.ts'
import { controlPeer, deadline } from './control-peers.ts'
import { ada, admit, bob, cyd, found, newMember, token } from './control-samples.ts'
import { FakeConsensus } from './fake-consensus.ts'

export class ControlMesh {
  readonly world = new World(1)
  readonly network = simNetwork(this.world)
  readonly group = new FakeConsensus(this.world)
  readonly peers = new Map<NodeId, ControlPeer>()
  #commands = 0

  static async start(): Promise<ControlMesh> {
    const mesh = new ControlMesh()
    mesh.group.voters = [ada, bob, cyd]
    for (const id of mesh.group.voters) await mesh.join(id)
    mesh.group.elect(ada)
    await mesh.run(ada, found())
    for (const id of [bob, cyd]) await mesh.admit(id)
    return mesh
  }

  peer(id: NodeId): ControlPeer {
    const found = this.peers.get(id)
    if (found === undefined) throw new Error(`no peer ${id}`)
    return found
  }

  /** Starts one that can reach the others and that the mesh does not know. */
  async join(name: string): Promise<NodeId> {
    const id = nodeId(name)
    const join = (node: NodeId, machine: Parameters<FakeConsensus['join']>[1]) => this.group.join(node, machine)
    this.peers.set(id, await controlPeer(id, { network: this.network, join }))
    await this.world.runFor(500)
    return id
  }

  /** Has the mesh know a peer, as one that may do anything unless something else is said. */
  async admit(id: NodeId, roles: readonly string[] = ['member']): Promise<void> {
    const { type, token: invitation } = token(`t-${id}`, this.world.now() + 60_000) as CommandOf<'create-token'>
    await this.run(ada, { type, token: { ...invitation, roles } }, `invite-${id}`)
    await this.run(ada, admit(`t-${id}`, newMember(id)), `admit-${id}`)
  }

  /** Plays the world until the promise has settled. */
  async played<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.world.runUntil(() => isSettled, 60_000)
    return promise
  }

  execute(
    on: NodeId,
    command: Command,
    { id = `c${(this.#commands += 1)}`, ms = 5_000 }: { id?: string | undefined; ms?: number | undefined } = {},
  ): Promise<Executed> {
    return this.peer(on).control.execute(command, { id, by: 'socket', signal: deadline(this.world, ms) })
  }

  run(on: NodeId, command: Command, id?: string): Promise<Executed> {
    return this.played(this.execute(on, command, { id }))
  }
}
