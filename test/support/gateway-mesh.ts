/** Three peers in virtual time, each with a gateway that does its duties while its peer leads. Ada has founded the mesh and leads. */
import { vaultKeys } from '../../src/adapters/keys/vault-keys.ts'
import { cronerSchedules } from '../../src/adapters/croner/schedules.ts'
import type { Command, MeshState, NewMember } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { workloadId } from '../../src/model/ids.ts'
import type { Workload } from '../../src/model/workload.ts'
import { unrecorded } from '../../src/ports/audit.ts'
import { silent } from '../../src/ports/log.ts'
import { defaultGateway, GatewayService } from '../../src/services/gateway/service.ts'
import { VaultService } from '../../src/services/vault/vault-service.ts'
import type { Sealer } from '../../src/ports/keys.ts'
import type { SimNetwork } from '../../src/simulation/network.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { World } from '../../src/simulation/world.ts'
import type { ControlPeer } from './control-peers.ts'
import { controlPeer, deadline } from './control-peers.ts'
import { ada, admit, bob, cyd, found, inventory, newMember, token } from './control-samples.ts'
import { FakeConsensus } from './fake-consensus.ts'
import { FakeMembership } from './fake-membership.ts'

export const settings = { ...defaultGateway, pruning: { ...defaultGateway.pruning, keepFor: 10 * 60_000 } }

export interface GatewayMeshSettings {
  readonly seed?: number
  /** Keys for secrets, of each node. Without them the mesh has no vault. */
  readonly sealerOf?: (node: NodeId) => Sealer
}

export class GatewayMesh {
  readonly world: World
  readonly network: SimNetwork
  readonly group: FakeConsensus
  readonly vaults = new Map<NodeId, VaultService>()
  readonly #sealerOf: GatewayMeshSettings['sealerOf']
  readonly membership = new FakeMembership()
  readonly peers: ControlPeer[] = []
  /** To whom the mesh's key was sealed, in order. */
  readonly sealed: NodeId[] = []
  readonly gateways = new Map<NodeId, GatewayService>()
  #commands = 0

  private constructor({ seed = 1, sealerOf }: GatewayMeshSettings) {
    this.world = new World(seed)
    this.network = simNetwork(this.world)
    this.group = new FakeConsensus(this.world)
    this.#sealerOf = sealerOf
  }

  static async start(made: GatewayMeshSettings = {}): Promise<GatewayMesh> {
    const mesh = new GatewayMesh(made)
    mesh.group.voters = [ada]
    for (const node of [ada, bob, cyd]) await mesh.addPeer(node)
    await mesh.world.runFor(500)
    mesh.group.elect(ada)
    await mesh.run({ ...found(), founder: mesh.#memberOf(ada) } as Command)
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
    const { clock, rpc } = this.network.host(node)
    const sealer = this.#sealerOf?.(node)
    const vault =
      sealer === undefined
        ? null
        : new VaultService({ self: node, control, rpc, clock, sealer, keys: vaultKeys, audit: unrecorded })
    if (vault !== null) this.vaults.set(node, vault)
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
        ...(vault !== null && { vault: { service: vault, keys: vaultKeys } }),
      },
      settings,
    )
    await vault?.start()
    await gateway.start()
    this.gateways.set(node, gateway)
    return peer
  }

  #memberOf(node: NodeId): NewMember {
    const sealer = this.#sealerOf?.(node)
    return newMember(node, sealer === undefined ? {} : { sealKey: sealer.sealKey })
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
    await this.run(admit(`t-${node}`, this.#memberOf(node)))
    await this.run({ type: 'report-inventory', node, inventory: inventory(node, gpus) })
  }
}
