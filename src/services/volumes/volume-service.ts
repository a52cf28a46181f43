/** The volumes of this node: makes them for the work that names them, copies what is in them, and takes them away. */
import { counted } from '../../lib/passing.ts'
import { volumesOf } from '../../core/state/volumes.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import type { WriteBackRules } from '../../core/volumes/write-back.ts'
import type { Volume, VolumeSnapshot } from '../../model/volume.ts'
import { isWrittenBack, volumeKey } from '../../model/volume.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { PreparedMounts, PrepareMounts } from '../../ports/executor.ts'
import type { Copied, CopyStore, VolumeContent, VolumeEngine, VolumeUser } from '../../ports/volumes.ts'
import type { Control } from '../control/types.ts'
import { engineVolume, labelsOf, ownVolume } from './engine-names.ts'
import type { ObjectCopies, ReadyCopy } from './object-copies.ts'
import type { Pushed, WorkingCopies } from './working-copies.ts'

type Mounts = WorkloadSpec['mounts']

export interface VolumeDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  readonly control: Pick<Control, 'state'>
  /** Null on a node without an engine. */
  readonly engine: VolumeEngine | null
  readonly copies: CopyStore
  /** What stores of objects hold; null on a node without an engine. */
  readonly objects: Pick<ObjectCopies, 'ready'> | null
  /** The same, where work writes it. */
  readonly working: Pick<WorkingCopies, 'ready' | 'push' | 'aloneNow'> | null
  /** Takes away what an ended task has left on the engine, once its output is kept. */
  readonly removeTask: (placement: PlacementId) => Promise<void>
  /** Most bytes of one copy. */
  readonly mostBytes: number
}

export class VolumeService {
  readonly #deps: VolumeDeps

  constructor(deps: VolumeDeps) {
    this.#deps = deps
  }

  /**
   * What the work mounts, as the engine of this node knows it. A name that is no volume of the mesh is one that only work of its namespace
   * has here; whatever else the engine holds is only for work that may have all paths of the host. Whoever asks lets go of it afterwards.
   */
  readonly mountsFor = async (
    spec: WorkloadSpec,
    ...[onProgress, signal]: Parameters<PrepareMounts>
  ): Promise<PreparedMounts> => {
    const copies: ReadyCopy[] = []
    const release = (): void => copies.forEach((copy) => copy.release())
    try {
      const mounts = await this.#mountsOf(spec, copies, onProgress, signal)
      return {
        ...{ mounts, release },
        verify: async (until) => {
          for (const copy of copies) await copy.verify(until)
        },
      }
    } catch (error) {
      release()
      throw error
    }
  }

  async #mountsOf(
    spec: WorkloadSpec,
    copies: ReadyCopy[],
    ...[onProgress, signal]: Parameters<PrepareMounts>
  ): Promise<Mounts> {
    const volumes = new Map(volumesOf(this.#deps.control.state, spec).map((volume) => [volume.name, volume]))
    const hasAll = spec.privileges?.some((one) => one === 'host-paths' || one === 'privileged') === true
    const mounts: Mounts[number][] = []
    for (const mount of spec.mounts) {
      const volume = volumes.get(mount.source)
      if (volume !== undefined) {
        const readOnly = mount.readOnly || volume.access === 'ROX'
        const source = await this.#sourceOf(volume, copies, onProgress, signal)
        mounts.push({ ...mount, source, readOnly })
      } else if (mount.source.startsWith('/') || hasAll) mounts.push(mount)
      else mounts.push({ ...mount, source: await this.#ownOf(spec.namespace, mount.source, signal) })
    }
    return mounts
  }

  /** Whoever asks lets go of what is put to the copies. */
  async #sourceOf(
    volume: Volume,
    copies: ReadyCopy[],
    ...[onProgress, signal]: Parameters<PrepareMounts>
  ): Promise<string> {
    if (volume.type === 'hostpath') return volume.hostPath ?? ''
    const { s3 } = volume
    if (s3 === undefined) return this.#ensure(volume, signal)
    if (isWrittenBack(volume)) return there(this.#deps.working).ready({ ...volume, s3 }, onProgress, signal)
    const copy = await there(this.#deps.objects).ready({ ...volume, s3 }, onProgress, signal)
    copies.push(copy)
    return copy.name
  }

  async #ownOf(namespace: string, name: string, signal: AbortSignal): Promise<string> {
    const own = ownVolume(namespace, name, this.#deps)
    await this.#engine.ensure(own, signal)
    return own.name
  }

  /** Throws TOO_LARGE, DISK_FULL and EXECUTOR_UNAVAILABLE. `onBytes` is told how much there is so far. */
  copy(volume: Volume, id: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Copied> {
    const { copies, mostBytes } = this.#deps
    return copies.write(id, counted(this.read(volume, signal), onBytes), mostBytes)
  }

  /** All that is in it, as a tar archive. Throws EXECUTOR_UNAVAILABLE, CONTAINER_FAILED, and VOLUME_COPY_CUT at the end. */
  async *read(volume: Volume, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const copies: ReadyCopy[] = []
    try {
      yield* this.#engine.pack(await this.#contentOf(volume, copies, signal), signal)
    } finally {
      for (const copy of copies) copy.release()
    }
  }

  /**
   * Puts what is in the archive aside, as what is to hold the data of the volume in this incarnation. Whole, or not there: nothing of it counts
   * before the mesh says so.
   */
  async fill(volume: Volume, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const filled = engineVolume(volume, this.#deps)
    try {
      await this.#engine.ensure(filled, signal)
      await this.#engine.unpack({ volume: filled.name }, archive, signal)
    } catch (error) {
      // Also when whoever wanted it has called it off.
      await this.#engine.remove(filled.name, new AbortController().signal)
      throw error
    }
  }

  /** Into a directory of the host, or of a server: what came since stays. Throws STATE_CORRUPT for a copy that is damaged. */
  async putOver(volume: Volume, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void> {
    const archive = await this.#deps.copies.read(snapshot.id, snapshot)
    const copies: ReadyCopy[] = []
    try {
      await this.#engine.unpack(await this.#contentOf(volume, copies, signal), archive, signal)
    } finally {
      for (const copy of copies) copy.release()
    }
  }

  /** Puts what work has changed into the store of the volume. Throws INVALID_REQUEST for one that is not written, and what that does. */
  push(volume: Volume, rules: WriteBackRules, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Pushed> {
    const { s3 } = volume
    if (s3 === undefined || !isWrittenBack(volume))
      throw new ClawError('INVALID_REQUEST', { problem: 'only a volume of S3 with the access RWO is put back' })
    return there(this.#deps.working).push({ ...volume, s3 }, rules, onBytes, signal)
  }

  /** Throws STATE_CORRUPT for a copy that is damaged. */
  readCopy(snapshot: VolumeSnapshot): Promise<AsyncIterable<Uint8Array>> {
    return this.#deps.copies.read(snapshot.id, snapshot)
  }

  forgetCopy(id: string): Promise<void> {
    return this.#deps.copies.remove(id)
  }

  /**
   * Has it decided that the volume goes, and then its data does that the engine has; what is in a directory of the host, or at a server, stays.
   * Throws VOLUME_BUSY, and what the engine does, before anything is decided: while it is fetched or put back, and for what a container has that runs.
   */
  discard(volume: Volume, decide: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { working } = this.#deps
    const discard = (): Promise<void> => this.#discard(volume, decide, signal)
    return working !== null && isWrittenBack(volume) ? working.aloneNow(volume, discard) : discard()
  }

  async #discard(volume: Volume, decide: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { engine, self } = this.#deps
    const isHeld = volume.type !== 'hostpath' && engine !== null
    // What there is before it is decided is of no volume that somebody makes by this name afterwards.
    const held = isHeld ? await engine.named(labelsOf(volume, this.#deps), signal) : []
    for (const name of held) await this.#refuseRunning(volume, name, signal)
    await decide()
    // Nobody could ask for the rest again: it is done also when whoever wanted it has called it off.
    const late = new AbortController().signal
    for (const { id, node } of volume.snapshots) if (node === self) await this.forgetCopy(id)
    for (const name of held) await this.#remove(volume, name, late)
  }

  /** What was to hold the data of the volume. */
  drop(volume: Volume, signal: AbortSignal): Promise<void> {
    return this.#remove(volume, engineVolume(volume, this.#deps).name, signal)
  }

  /** Everything that has held the data of the volume, or was to hold it, but what does now. Throws VOLUME_BUSY for what a container has that runs. */
  async dropOthers(volume: Volume, signal: AbortSignal): Promise<void> {
    const { name: present } = engineVolume(volume, this.#deps)
    const all = await this.#engine.named(labelsOf(volume, this.#deps), signal)
    for (const name of all) if (name !== present) await this.#remove(volume, name, signal)
  }

  /** Throws VOLUME_BUSY where a container has it that runs: one of the mesh's, or somebody's who has the engine. */
  async refuseUsed(volume: Volume, signal: AbortSignal): Promise<void> {
    await this.#refuseRunning(volume, engineVolume(volume, this.#deps).name, signal)
  }

  async #refuseRunning(volume: Volume, name: string, signal: AbortSignal): Promise<readonly VolumeUser[]> {
    const users = await this.#engine.users(name, signal)
    if (users.some(({ isRunning }) => isRunning)) throw busy(volume)
    return users
  }

  /** The engine keeps a volume for containers that have ended, too. */
  async #remove(volume: Volume, name: string, signal: AbortSignal): Promise<void> {
    const users = await this.#refuseRunning(volume, name, signal)
    for (const { placement } of users) if (placement !== null) await this.#deps.removeTask(placement as PlacementId)
    await this.#engine.remove(name, signal)
  }

  get #engine(): VolumeEngine {
    return there(this.#deps.engine)
  }

  async #contentOf(volume: Volume, copies: ReadyCopy[], signal: AbortSignal): Promise<VolumeContent> {
    if (volume.type === 'hostpath') return { path: volume.hostPath ?? '', namespace: volume.namespace }
    return { volume: await this.#sourceOf(volume, copies, () => undefined, signal) }
  }

  async #ensure(volume: Volume, signal: AbortSignal): Promise<string> {
    const wanted = engineVolume(volume, this.#deps)
    await this.#engine.ensure(wanted, signal)
    return wanted.name
  }
}

/** Throws EXECUTOR_UNAVAILABLE. */
function there<T>(part: T | null): T {
  if (part === null)
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'this node runs no containers' })
  return part
}

const busy = ({ namespace, name }: Volume): ClawError =>
  new ClawError('VOLUME_BUSY', { volume: volumeKey(namespace, name), users: 'a container that runs' })
