/** The volumes of this node: makes them for the work that names them, copies what is in them, and takes them away. */
import { volumesOf } from '../../core/state/volumes.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { Volume, VolumeSnapshot } from '../../model/volume.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Copied, CopyStore, EngineVolume, VolumeContent, VolumeEngine } from '../../ports/volumes.ts'
import type { Control } from '../control/types.ts'

type Mounts = WorkloadSpec['mounts']

export interface VolumeDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly control: Pick<Control, 'state'>
  /** Null on a node without an engine. */
  readonly engine: VolumeEngine | null
  readonly copies: CopyStore
  /** Takes away what an ended task has left on the engine, once its output is kept. */
  readonly removeTask: (placement: PlacementId) => Promise<void>
  /** Most bytes of one copy. */
  readonly mostBytes: number
}

const ownPrefix = 'claw-'

export class VolumeService {
  readonly #deps: VolumeDeps

  constructor(deps: VolumeDeps) {
    this.#deps = deps
  }

  /** What the work mounts, with volumes of the mesh as the engine of this node knows them. What names none stays as it is. */
  readonly mountsFor = async (spec: WorkloadSpec, signal: AbortSignal): Promise<Mounts> => {
    const volumes = new Map(volumesOf(this.#deps.control.state, spec).map((volume) => [volume.name, volume]))
    const foreign = spec.mounts.find(({ source }) => !volumes.has(source) && source.startsWith(ownPrefix))
    // That is how volumes of the mesh are called at the engine, those of other namespaces as well.
    if (foreign !== undefined)
      throw new ClawError('VOLUME_NOT_FOUND', { volume: `${spec.namespace}/${foreign.source}` })
    for (const volume of volumes.values()) if (volume.type !== 'hostpath') await this.#ensure(volume, signal)
    return spec.mounts.map((mount) => {
      const volume = volumes.get(mount.source)
      if (volume === undefined) return mount
      const source = volume.type === 'hostpath' ? (volume.hostPath ?? '') : this.#nameOf(volume)
      return { ...mount, source, readOnly: mount.readOnly || volume.access === 'ROX' }
    })
  }

  /** Throws TOO_LARGE, DISK_FULL and EXECUTOR_UNAVAILABLE. `onBytes` is told how much there is so far. */
  async copy(volume: Volume, id: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Copied> {
    const { copies, mostBytes } = this.#deps
    const content = await this.#contentOf(volume, signal)
    return copies.write(id, counted(this.#engine.pack(content, signal), onBytes), mostBytes)
  }

  /** A volume of the engine is then as it was; in a directory of the host, what came since stays. Throws STATE_CORRUPT for a copy that is damaged. */
  async putBack(volume: Volume, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
    const archive = await this.#deps.copies.read(snapshot.id, snapshot)
    if (volume.type === 'local') await this.#remove(volume, signal)
    await this.#engine.unpack(await this.#contentOf(volume, signal), archive, signal)
  }

  forgetCopy(id: string): Promise<void> {
    return this.#deps.copies.remove(id)
  }

  /** The data of a volume of the engine goes; what is in a directory of the host, or at a server, stays. */
  async discard(volume: Volume, signal: AbortSignal): Promise<void> {
    for (const { id, node } of volume.snapshots) if (node === this.#deps.self) await this.forgetCopy(id)
    if (volume.type !== 'hostpath' && this.#deps.engine !== null) await this.#remove(volume, signal)
  }

  /** The engine keeps a volume for containers that have ended, too. Throws VOLUME_BUSY for one that runs. */
  async #remove(volume: Volume, signal: AbortSignal): Promise<void> {
    const name = this.#nameOf(volume)
    const users = await this.#engine.users(name, signal)
    if (users.some(({ isRunning }) => isRunning))
      throw new ClawError('VOLUME_BUSY', {
        volume: `${volume.namespace}/${volume.name}`,
        users: 'a container that runs',
      })
    for (const { placement } of users) if (placement !== null) await this.#deps.removeTask(placement as PlacementId)
    await this.#engine.remove(name, signal)
  }

  get #engine(): VolumeEngine {
    if (this.#deps.engine === null)
      throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'this node runs no containers' })
    return this.#deps.engine
  }

  async #contentOf(volume: Volume, signal: AbortSignal): Promise<VolumeContent> {
    if (volume.type === 'hostpath') return { path: volume.hostPath ?? '', namespace: volume.namespace }
    await this.#ensure(volume, signal)
    return { volume: this.#nameOf(volume) }
  }

  #ensure(volume: Volume, signal: AbortSignal): Promise<void> {
    const { namespace, name } = volume
    const labels = { 'claw.volume': `${namespace}/${name}`, 'claw.mesh': this.#deps.mesh }
    return this.#engine.ensure({ name: this.#nameOf(volume), options: optionsOf(volume), labels }, signal)
  }

  /** Several nodes may share an engine, as in a lab. */
  #nameOf({ namespace, name }: Volume): string {
    const { self, mesh } = this.#deps
    return `${ownPrefix}${mesh.replace(/^mesh-/, '').slice(0, 8)}-${self.slice(-8)}-${namespace}-${name}`
  }
}

function optionsOf({ type, nfs, sizeMib, access }: Volume): EngineVolume['options'] {
  if (type === 'tmpfs')
    return { type: 'tmpfs', device: 'tmpfs', ...(sizeMib === null ? {} : { o: `size=${sizeMib}m` }) }
  if (type !== 'nfs' || nfs === null) return {}
  const mode = access === 'ROX' ? 'ro' : 'rw'
  return { type: 'nfs', device: `:${nfs.path}`, o: [`addr=${nfs.server}`, mode, nfs.options].filter(Boolean).join(',') }
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of content) {
    bytes += chunk.length
    onBytes(bytes)
    yield chunk
  }
}
