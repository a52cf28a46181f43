/** Nodes of one network in virtual time, each with its records, its disk and its manners. */
import { RecordKeeper } from '../../../src/services/records/keeper.ts'
import { RecordStore } from '../../../src/services/records/record-store.ts'
import { certificateFile } from '../../../src/services/records/standing.ts'
import type { Publication } from '../../../src/services/records/types.ts'
import type { QuotaLimits } from '../../../src/core/records/quotas.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { nodeId } from '../../../src/model/ids.ts'
import { day, hour } from '../../../src/model/time.ts'
import { silent } from '../../../src/ports/log.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import type { SimHost } from '../../../src/simulation/network.ts'
import { simNetwork } from '../../../src/simulation/network.ts'
import { type SimRecordNet, SimRecordTable } from '../../../src/simulation/record-net.ts'
import { simSigner, simVerifier } from '../../../src/simulation/signer.ts'
import { seededRandom, World } from '../../../src/simulation/world.ts'
import { play } from '../play.ts'
import { Tally } from '../tally.ts'
import { certificateFor, nodeValue, noon, recordNetwork } from './records.ts'

export interface RecordNode {
  readonly id: NodeId
  readonly host: SimHost
  readonly disk: SimDisk
  readonly keeper: RecordKeeper
  readonly net: SimRecordNet
  readonly store: RecordStore
  readonly tally: Tally
}

/** What a node says of itself. */
export const about = (node: RecordNode, software = '1.0.0', parts: Partial<Publication> = {}): Publication => ({
  ...{ namespace: 'claw-node', id: node.id, value: nodeValue(software), life: 2 * hour, until: noon + 30 * day },
  ...parts,
})

/** The version in what a node has said of itself; null for nothing. */
export const softwareOf = (value: unknown): string | null =>
  (value as ReturnType<typeof nodeValue> | null)?.versions.software ?? null

const { signal } = new AbortController()

export class RecordMesh {
  readonly world = new World(7, noon)
  readonly network = simNetwork(this.world)
  readonly table: SimRecordTable
  readonly nodes = new Map<string, RecordNode>()

  constructor(k = 20) {
    this.table = new SimRecordTable(this.world, k)
  }

  /** A node that a witness has certified, up and running; with the disk of an earlier life, if there was one. */
  async add(name: string, { disk = this.#newDisk(), quotas }: { disk?: SimDisk; quotas?: QuotaLimits } = {}) {
    const id = nodeId(name)
    const host = this.network.host(id)
    const tally = new Tally()
    const shared = { network: recordNetwork, verifier: simVerifier, clock: host.clock, disk, log: silent }
    const keeper = new RecordKeeper({ ...shared, metrics: tally, ...(quotas === undefined ? {} : { quotas }) })
    const net = this.table.join(id, keeper)
    await disk.writeBlob(certificateFile, certificateFor(id))
    const { rpc, gossip } = host
    const store = new RecordStore({
      ...{ ...shared, rpc, gossip, net, keeper },
      ...{ signer: simSigner(id), random: seededRandom(id.length), metrics: tally },
    })
    await this.play(store.files.start())
    await this.play(store.start())
    const node: RecordNode = { id, host, disk, keeper, net, store, tally }
    this.nodes.set(name, node)
    await this.world.runFor(500)
    return node
  }

  async addAll(...names: readonly string[]): Promise<RecordNode[]> {
    const all: RecordNode[] = []
    for (const name of names) all.push(await this.add(name))
    return all
  }

  /** As `kill -9`, and up again with what was on its disk. Its table of records is empty then. */
  async restart(node: RecordNode): Promise<RecordNode> {
    this.network.crash(node.id)
    this.table.leave(node.id)
    node.disk.crash()
    return this.add(node.id, { disk: node.disk })
  }

  publish(node: RecordNode, what: Publication = about(node)) {
    return this.play(node.store.publish(what, signal))
  }

  /** What one node finds that another has said of itself. */
  read(node: RecordNode, of: RecordNode, options: object = {}) {
    return this.play(node.store.read({ namespace: 'claw-node', id: of.id }, { signal, ...options }))
  }

  /** Nobody hears of it but by asking. */
  deafen(...nodes: readonly RecordNode[]): void {
    for (const node of nodes) this.network.setMember(node.id, false)
  }

  play<T>(promise: Promise<T>, limit?: number): Promise<T> {
    return play(this.world, promise, limit)
  }

  #newDisk(): SimDisk {
    return new SimDisk({ random: seededRandom(this.nodes.size + 1) })
  }
}
