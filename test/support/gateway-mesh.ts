/** Three peers in virtual time, each with a gateway that does its duties while its peer leads. Ada has founded the mesh and leads. */
import { cronerSchedules } from '../../src/adapters/croner/schedules.ts'
import type { Command, MeshState } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { silent } from '../../src/ports/log.ts'
import { defaultGateway, GatewayService } from '../../src/services/gateway/service.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import type { ControlPeer } from './control-peers.ts'
import { controlPeer, deadline } from './control-peers.ts'
import { ada, admit, bob, cyd, found, inventory, newMember, token } from './control-samples.ts'
import { FakeConsensus } from './fake-consensus.ts'
import { FakeMembership } from './fake-membership.ts'

export const settings = { ...defaultGateway, pruning: { ...defaultGateway.pruning, keepFor: 10 * 60_000 } }

export class GatewayMesh {
  readonly world = new World(1)
  readonly network = simNetwork(this.world)
  readonly group = new FakeConsensus(this.world)
  readonly membership = new FakeMembership()
  readonly peers: ControlPeer[] = []
  /** To whom the mesh's key was sealed, in order. */
  readonly sealed: NodeId[] = []
  readonly gateways = new Map<NodeId, GatewayService>()
  #commands = 0

  static async start(): Promise<GatewayMesh> {
    const mesh = new GatewayMesh()
    mesh.group.voters = [ada]
    for (const node of [ada, bob, cyd]) await mesh.addPeer(node)
    await mesh.world.runFor(500)
    mesh.group.elect(ada)
    await mesh.run(found())
    await mesh.run({ type: 'report-inventory', node: ada, inventory: inventory(ada, 2) })
    return mesh
  }

  async addPeer(node: NodeId): Promise<ControlPeer> {
    const peer = await controlPeer(node, {
      network: this.network,
      join: (self, machine) => this.group.join(self, machine),
    })
    this.peers.push(peer)
    const { control, consensus, metrics } = peer
    const { clock } = this.network.host(node)
    const sealMeshKey = async (to: NodeId, signal: AbortSignal): Promise<void> => {
      this.sealed.push(to)
      const command = { type: 'seal-mesh-key', node: to, sealedKey: 'eA==' } as const
      await control.execute(command, { id: `seal-${to}`, by: node, signal })
    }
    const { membership } = this
    const gateway = new GatewayService(
      {
        self: node,
        clock,
        log: silent,
        metrics,
        random: this.world,
        schedules: cronerSchedules,
        control,
        consensus,
        membership,
        sealMeshKey,
      },
      settings,
    )
    await gateway.start()
    this.gateways.set(node, gateway)
    return peer
  }

  /** Has the leader commit it. */
  async run(command: Command): Promise<void> {
    const by = this.group.leader ?? ada
    const control = this.peers.find((peer) => peer.id === by)?.control
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    this.#commands += 1
    const options = { id: `c${this.#commands}`, by, signal: deadline(this.world, 5_000) }
    const executed = control?.execute(command, options)
    executed?.then(done, done)
    await this.world.runUntil(() => isDone, 10_000)
    await executed
  }

  /** As the leader has it. */
  state(): MeshState {
    const peer = this.peers.find((each) => each.id === (this.group.leader ?? ada))
    if (peer === undefined) throw new Error('no peer')
    return peer.control.state
  }

  workload(name: string): Workload | undefined {
    return this.state().workloads.get(workloadId(name))
  }

  async join(node: NodeId, gpus = 2): Promise<void> {
    await this.run(token(`t-${node}`, this.world.now() + 60_000))
    await this.run(admit(`t-${node}`, newMember(node)))
    await this.run({ type: 'report-inventory', node, inventory: inventory(node, gpus) })
  }
}
