/** What guests have on this host besides their containers: what was sent for their work, and what that leaves for its buyer. */
import type { Lease } from '../../../core/molt/market/lease.ts'
import { mostArchiveBytes } from '../../../core/images/sources.ts'
import { type Agreement, agreementId } from '../../../core/molt/agreement.ts'
import { passing, Tally } from '../../../lib/passing.ts'
import { BadTar } from '../../../lib/tar-entries.ts'
import { cut } from '../../../lib/slices.ts'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../../model/ids.ts'
import { leaseNamespace, leaseVolume } from '../../../model/lease-mark.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import { archiveLimit } from '../../../model/molt-data.ts'
import type { Work } from '../../../model/molt-work.ts'
import type { EngineVolume, VolumeEngine } from '../../../ports/volumes.ts'
import { guestArchive, guestUser } from './guest-archive.ts'
import { type LeasePiece, type OutputsRequest, pieceBytes } from '../../../wire/molt-data.ts'
import type { Images } from '../../images/types.ts'
import { ownVolume } from '../../volumes/engine-names.ts'

export type GuestEngine = Pick<
  VolumeEngine,
  'ensure' | 'known' | 'users' | 'remove' | 'abandon' | 'pack' | 'unpack' | 'give' | 'sizes'
>

export interface GuestDataDeps {
  readonly self: NodeId
  readonly mesh: MeshId
  /** Null where no containers run: nothing is sent to guests then, and they leave nothing. */
  readonly engine: GuestEngine | null
  /** Null where no containers run. */
  readonly images: Pick<Images, 'find' | 'receive' | 'send' | 'forgetReceived'> | null
  /** Takes away what is left of an ended task on the engine, once its output is kept. Throws VOLUME_BUSY for one that runs. */
  readonly removeTask: (placement: PlacementId) => Promise<void>
}

/** An archive that a buyer sends, and what it has said of it. */
export interface Sent {
  readonly bytes: number
  readonly sha256: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface Wiping {
  readonly placement: PlacementId | null
  /** Also what the work has left. */
  readonly outputs: boolean
  /** Whether another guest needs the image, when it is asked. */
  readonly isImageShared: () => boolean
}

/** What all such volumes have, and which agreement each is for. */
const mark = { 'claw.guest': 'data' } as const
const leaseMark = 'claw.lease'
/** Of one that the file system under it bounds. */
const bounded = { 'claw.bound': 'quota' } as const

export class GuestData {
  readonly #deps: GuestDataDeps
  /** Agreements of whose folders each was seen to be bounded by the file system: so they are, also when the engine does not answer. */
  readonly #underQuota = new Set<Hash>()

  constructor(deps: GuestDataDeps) {
    this.#deps = deps
  }

  get isPossible(): boolean {
    return this.#deps.engine !== null
  }

  /** Makes the folders that the work fills. Safe to repeat. Throws EXECUTOR_UNAVAILABLE and CONTAINER_FAILED. */
  async prepare({ agreement }: Lease, { outputs = [] }: Work, signal: AbortSignal): Promise<void> {
    if (agreement === null || outputs.length === 0) return
    const id = agreementId(agreement)
    const most = agreement.terms.data?.outputs ?? 0
    for (const i of outputs.keys()) {
      const { name } = await this.#make(this.#volume(id, 'out', i), most, signal)
      await this.#engine.give(name, guestUser, signal)
    }
    await this.#folders(id, signal)
  }

  /**
   * Unpacks what its buyer sends for that folder of its work, in the place of what an earlier one has left there. Returns when it is all there.
   * Throws MOLT_DATA_BAD for what is not what its buyer has said, or not to be unpacked; nothing of it is left then.
   */
  async receive(
    { agreement }: Lease,
    index: number,
    { bytes, sha256, content }: Sent,
    signal: AbortSignal,
  ): Promise<void> {
    if (agreement === null) return
    const volume = this.#volume(agreementId(agreement), 'in', index)
    await this.#remove(volume.name, signal)
    await this.#make(volume, bytes, signal)
    const tally = new Tally()
    const counted = passing(content, (chunk) => {
      tally.add(chunk)
      if (tally.bytes > bytes) throw bad('there is more of it than was said')
    })
    try {
      await this.#engine.unpack({ volume: volume.name }, guestArchive(counted, bytes), signal)
      if (tally.bytes < bytes || tally.sum().sha256 !== sha256) throw bad('it is not what was said')
    } catch (error) {
      // Also when it was called off.
      await this.#remove(volume.name, new AbortController().signal)
      throw error instanceof BadTar ? bad(error.message) : error
    }
  }

  /** Whether its image has to come from its buyer. */
  async lacksImage({ agreement }: Lease, { image }: Pick<Work, 'image'>, signal: AbortSignal): Promise<boolean> {
    if ((agreement?.terms.data?.image ?? 0) === 0) return false
    return (await this.#deps.images?.find(image, signal)) === null
  }

  /** Throws MOLT_DATA_BAD for another image than was agreed on, and TOO_LARGE. */
  async receiveImage(
    { agreement }: Lease,
    { image }: Pick<Work, 'image'>,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const mostBytes = mostArchiveBytes(agreement?.terms.data?.image ?? 0)
    try {
      await this.#deps.images?.receive(image, { content, mostBytes }, signal)
    } catch (error) {
      throw ClawError.is(error, 'IMAGE_CORRUPT') ? bad(error.message) : error
    }
  }

  /**
   * Whether what work leaves can be bounded on this host: by quotas of its file system, or by an engine that says how much is in its volumes.
   * Throws nothing of the engine.
   */
  async canBound(signal: AbortSignal): Promise<boolean> {
    const { engine } = this.#deps
    if (engine === null) return false
    const { name, options, labels } = ownVolume(leaseNamespace, 'bound', this.#deps)
    try {
      const { isBounded } = await this.#make({ name, options, labels: { ...labels, ...mark } }, 2 ** 20, signal)
      const isSeen = isBounded || (await engine.sizes(new Set([name]), signal)).has(name)
      await engine.remove(name, signal)
      return isSeen
    } catch (error) {
      if (!isClawError(error)) throw error
      return false
    }
  }

  /** Whether what the work has left by now is no more than was agreed on. Throws EXECUTOR_UNAVAILABLE where nothing bounds it and that cannot be told. */
  async isWithin({ agreement }: Lease, signal: AbortSignal): Promise<boolean> {
    const most = agreement?.terms.data?.outputs ?? 0
    if (agreement === null || most === 0) return true
    const id = agreementId(agreement)
    try {
      const folders = await this.#folders(id, signal)
      const sizes = await this.#engine.sizes(new Set(folders), signal)
      if (folders.some((name) => !sizes.has(name))) throw unmeasured()
      return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) <= most
    } catch (error) {
      if (isClawError(error) && this.#underQuota.has(id) && !signal.aborted) return true
      throw error
    }
  }

  /** Throws LEASE_DATA_GONE, TOO_LARGE for more than was agreed on, and as the engine does. */
  async *outputs(
    { agreement }: Lease,
    { folder, from }: OutputsRequest,
    signal: AbortSignal,
  ): AsyncGenerator<LeasePiece> {
    if (agreement === null) return
    const id = agreementId(agreement)
    const { name } = this.#volume(id, 'out', folder)
    if (!(await this.#volumesOf(id, signal)).includes(name)) throw gone(id, 'it has no such folder')
    const limit = archiveLimit(agreement.terms.data?.outputs ?? 0)
    const tally = new Tally()
    for await (const chunk of this.#engine.pack({ volume: name }, signal)) {
      const fresh = chunk.subarray(Math.max(0, from - tally.bytes))
      tally.add(chunk)
      if (tally.bytes > limit) throw new ClawError('TOO_LARGE', { what: 'What the work has left', limit })
      for (const data of cut(fresh, pieceBytes)) yield { data, sha256: '' }
    }
    yield { data: new Uint8Array(0), sha256: tally.sum().sha256 }
  }

  /**
   * Takes away the container, and what was sent; also what the work has left when that is to go. An image goes with the last guest that needs
   * it, whoever of their buyers has sent it. Throws VOLUME_BUSY while it runs.
   */
  async wipe(
    { agreement, want }: Lease,
    { placement, outputs, isImageShared }: Wiping,
    signal: AbortSignal,
  ): Promise<void> {
    if (placement !== null) await this.#deps.removeTask(placement)
    if (agreement === null || this.#deps.engine === null) return
    if (!isImageShared()) await this.#deps.images?.forgetReceived(imageOf(want, agreement), signal)
    const names = await this.#volumesOf(agreementId(agreement), signal)
    for (const name of names) if (outputs || !isOutput(name)) await this.#remove(name, signal)
    if (outputs) this.#underQuota.delete(agreementId(agreement))
  }

  /**
   * Takes away what is of no agreement among these: its record was lost, or a power cut came between the two. One folder that stays holds no
   * other up; throws why the first has stayed.
   */
  async sweep(known: ReadonlySet<Hash>, signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps
    if (engine === null) return
    const problems: ClawError[] = []
    for (const { name, labels } of await engine.known(this.#labels(), signal)) {
      if (known.has(labels[leaseMark] ?? '')) continue
      try {
        await this.#remove(name, signal)
      } catch (error) {
        if (!isClawError(error) || signal.aborted) throw error
        problems.push(error)
      }
    }
    if (problems[0] !== undefined) throw problems[0]
  }

  async #make(
    volume: EngineVolume,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly isBounded: boolean }> {
    const labels = { ...volume.labels, ...bounded }
    try {
      await this.#engine.ensure({ ...volume, options: { size: String(most) }, labels }, signal)
      return { name: volume.name, isBounded: true }
    } catch (error) {
      // Few file systems can bound a folder. Elsewhere it is looked at again and again how much is in it.
      if (!ClawError.is(error, 'CONTAINER_FAILED') || !/quota/.test(error.message)) throw error
      await this.#engine.ensure(volume, signal)
      return { name: volume.name, isBounded: false }
    }
  }

  async #remove(name: string, signal: AbortSignal): Promise<void> {
    await this.#engine.abandon(name, signal)
    for (const { placement } of await this.#engine.users(name, signal))
      if (placement !== null) await this.#deps.removeTask(placement as PlacementId)
    await this.#engine.remove(name, signal)
  }

  async #volumesOf(agreement: Hash, signal: AbortSignal): Promise<readonly string[]> {
    const found = await this.#engine.known({ ...this.#labels(), [leaseMark]: agreement }, signal)
    return found.map(({ name }) => name)
  }

  /** That the work fills. Whether they are bounded stands at them: one that was there before is as it was made then. */
  async #folders(agreement: Hash, signal: AbortSignal): Promise<readonly string[]> {
    const all = await this.#engine.known({ ...this.#labels(), [leaseMark]: agreement }, signal)
    const folders = all.filter(({ name }) => isOutput(name))
    const isBounded = folders.every(({ labels }) => Object.entries(bounded).every(([key, to]) => labels[key] === to))
    if (isBounded) this.#underQuota.add(agreement)
    else this.#underQuota.delete(agreement)
    return folders.map(({ name }) => name)
  }

  /** As the agent calls it when it starts the work. */
  #volume(agreement: Hash, kind: 'in' | 'out', index: number): EngineVolume {
    const { name, options, labels } = ownVolume(leaseNamespace, leaseVolume(agreement, kind, index), this.#deps)
    return { name, options, labels: { ...labels, ...mark, [leaseMark]: agreement } }
  }

  #labels(): EngineVolume['labels'] {
    return { ...mark, 'claw.mesh': this.#deps.mesh, 'claw.keeper': this.#deps.self }
  }

  get #engine(): GuestEngine {
    const { engine } = this.#deps
    if (engine !== null) return engine
    throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'this node runs no containers' })
  }
}

const isOutput = (volume: string): boolean => volume.includes('-out-')

/** As its work names it. */
const imageOf = ({ image: { name } }: Lease['want'], { terms: { image } }: Agreement): string => `${name}@${image}`

const unmeasured = (): ClawError =>
  new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it does not say how much is in a volume' })
const bad = (problem: string): ClawError => new ClawError('MOLT_DATA_BAD', { what: 'What was sent', problem })
const gone = (agreement: Hash, why: string): ClawError => new ClawError('LEASE_DATA_GONE', { agreement, why })
