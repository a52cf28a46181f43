/** A mesh of nodes that run nothing but the membership plane, in virtual time. */
import type { GpuSample } from '../../src/model/gpu.ts'
import { unknownSample } from '../../src/model/gpu-health.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { meshId, nodeId } from '../../src/model/ids.ts'
import type { Liveness } from '../../src/model/node.ts'
import type { ReportContent } from '../../src/model/report.ts'
import { silent } from '../../src/ports/log.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Signer, Verifier } from '../../src/ports/signer.ts'
import type { MembershipSettings } from '../../src/services/membership/service.ts'
import { MembershipService } from '../../src/services/membership/service.ts'
import type { SimHost, SimNetwork } from '../../src/simulation/network.ts'
import { simNetwork } from '../../src/simulation/network.ts'
import { simSigner, simVerifier } from '../../src/simulation/signer.ts'
import { World } from '../../src/simulation/world.ts'

export const testMesh = meshId('mesh-0123456789abcdef0123456789abcdef')

export interface MeshNode {
  readonly id: NodeId
  readonly host: SimHost
  readonly service: MembershipService
  /** Counters by name and labels. */
  readonly counts: Map<string, number>
  /** What the node says of itself. Replace it to change that. */
  content: ReportContent
}

export interface Keys {
  readonly signer: (id: NodeId) => Signer
  readonly verifier: Verifier
}

const simKeys: Keys = { signer: simSigner, verifier: simVerifier }

export class MemberMesh {
  readonly world: World
  readonly network: SimNetwork
  readonly nodes = new Map<NodeId, MeshNode>()
  /** Every change of liveness that any node saw, in order. */
  readonly history: { readonly at: number; readonly by: NodeId; readonly of: NodeId; readonly liveness: Liveness }[] =
    []
  readonly members = new Set<NodeId>()
  readonly #settings: MembershipSettings
  readonly #keys: Keys
  readonly #watchers = new Set<() => void>()

  constructor(seed: number, { keys = simKeys, ...settings }: MembershipSettings & { readonly keys?: Keys } = {}) {
    this.world = new World(seed)
    this.network = simNetwork(this.world)
    this.#settings = settings
    this.#keys = keys
  }

  /** Makes these members at once, then starts each of them. */
  async start(count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, n) => nodeId(`node-${String(n).padStart(4, '0')}`))
    for (const id of ids) this.members.add(id)
    for (const id of ids) await this.startNode(id)
  }

  /** Starts a node, a new life of it if it ran before. It is made a member if it is none. */
  async startNode(id: NodeId): Promise<MeshNode> {
    const host = this.network.host(id)
    const counts = new Map<string, number>()
    const node: MeshNode = {
      id,
      host,
      counts,
      content: sampleContent(id),
      service: this.#service(host, counts, () => node.content),
    }
    this.nodes.set(id, node)
    if (!this.members.has(id)) this.admit(id)
    let before = new Map<NodeId, Liveness>()
    node.service.onChange(({ node: of, liveness }) => {
      if (before.get(of) === liveness) return
      before = before.set(of, liveness)
      this.history.push({ at: this.world.elapsed(), by: id, of, liveness })
    })
    await node.service.start()
    return node
  }

  admit(id: NodeId): void {
    this.members.add(id)
    for (const tell of this.#watchers) tell()
  }

  remove(id: NodeId): void {
    this.members.delete(id)
    for (const tell of this.#watchers) tell()
  }

  node(at: number): MeshNode {
    const node = [...this.nodes.values()][at]
    if (node === undefined) throw new Error(`there is no node ${at}`)
    return node
  }

  /** How each of these sees that node. */
  viewsOf(id: NodeId, by: Iterable<MeshNode> = this.nodes.values()): readonly Liveness[] {
    return [...by].filter((node) => node.id !== id).map(({ service }) => service.view(id).liveness)
  }

  others(...ids: readonly NodeId[]): readonly MeshNode[] {
    return [...this.nodes.values()].filter(({ id }) => !ids.includes(id))
  }

  #service(host: SimHost, counts: Map<string, number>, content: () => ReportContent): MembershipService {
    const { world } = this
    return new MembershipService(
      {
        ...host,
        random: world,
        signer: this.#keys.signer(host.id),
        verifier: this.#keys.verifier,
        log: silent,
        metrics: countingInto(counts),
        meshId: testMesh,
        members: () => this.members,
        onMembers: (listener) => {
          this.#watchers.add(listener)
          return () => void this.#watchers.delete(listener)
        },
        sample: () => Promise.resolve(content()),
      },
      this.#settings,
    )
  }
}

export const sampleContent = (name: string, gpus = 2): ReportContent => ({
  gpus: Array.from({ length: gpus }, (_, index): GpuSample => ({
    ...unknownSample(`SIM-${name}-${index}`),
    utilization: 0,
    memoryUsedMib: 0,
    temperatureC: 40,
  })),
  busy: [],
  host: { cpuUtilization: 3, memoryUsedMib: 1_000, memoryTotalMib: 64_000, diskFreeMib: 100_000 },
  problems: [],
  version: '0.1.0',
})

const countingInto = (counts: Map<string, number>): Metrics => ({
  count(name, labels = {}, by = 1) {
    const key = [name, ...Object.values(labels)].join(' ')
    counts.set(key, (counts.get(key) ?? 0) + by)
  },
  gauge() {},
  observe() {},
})
