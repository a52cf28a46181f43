/** The private keys of this node's lanes. They are on its disk, and nowhere else. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Overlay } from '../../model/overlay.ts'
import type { Disk } from '../../ports/journal.ts'
import type { TunnelKeys } from '../../ports/keys.ts'

export interface OwnKeysDeps {
  readonly self: NodeId
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob' | 'removeBlob'>
  readonly keys: TunnelKeys
  /** The key that the owner of the host has chosen; null where the node makes its own. Throws CONFIG_INVALID. */
  readonly given: () => Promise<string | null>
}

const file = 'overlay-keys'
const Kept = z.strictObject({ keys: z.array(z.strictObject({ generation: z.int(), privateKey: z.string() })).max(8) })
type Key = z.infer<typeof Kept>['keys'][number]

export class OwnKeys {
  readonly #deps: OwnKeysDeps
  #kept: readonly Key[] | null = null

  constructor(deps: OwnKeysDeps) {
    this.#deps = deps
  }

  /** The key of that generation, made now if there is none. Throws CONFIG_INVALID and DISK_FULL. */
  async of(generation: number, overlay: Overlay): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
    const { keys } = this.#deps
    const kept = await this.#all()
    const found = kept.find((key) => key.generation === generation)
    const privateKey = found?.privateKey ?? (await this.#next(kept, generation, overlay))
    if (found === undefined) await this.#keep([...kept, { generation, privateKey }])
    return { privateKey, publicKey: keys.publicOf(privateKey) }
  }

  /** Whether an interface with that key is ours: one without a key may be. */
  async isOurs(publicKey: string | null): Promise<boolean> {
    const all = await this.#all()
    return publicKey === null || all.some(({ privateKey }) => this.#deps.keys.publicOf(privateKey) === publicKey)
  }

  async areAny(): Promise<boolean> {
    return (await this.#all()).length > 0
  }

  /** Forgets those that are older, or of an overlay that was before. */
  async keepOnly(generations: readonly number[]): Promise<void> {
    const kept = await this.#all()
    const left = kept.filter(({ generation }) => generations.includes(generation))
    if (left.length < kept.length) await this.#keep(left)
  }

  /** A node that is not among those to be given a new key goes on with the one that it has. */
  async #next(kept: readonly Key[], generation: number, { rotation }: Overlay): Promise<string> {
    const { self, keys, given } = this.#deps
    const chosen = await given()
    if (chosen !== null) return chosen
    const before = kept.find((key) => key.generation === generation - 1)?.privateKey
    const isFresh = rotation === null || rotation.fresh === null || rotation.fresh.includes(self)
    return (isFresh ? undefined : before) ?? keys.generate()
  }

  async #all(): Promise<readonly Key[]> {
    if (this.#kept !== null) return this.#kept
    const bytes = await this.#deps.disk.readBlob(file)
    this.#kept = bytes === null ? [] : read(bytes)
    return this.#kept
  }

  async #keep(keys: readonly Key[]): Promise<void> {
    const { disk } = this.#deps
    if (keys.length === 0) await disk.removeBlob(file)
    else await disk.writeBlob(file, new TextEncoder().encode(JSON.stringify({ keys })), { secret: true })
    this.#kept = keys
  }
}

function read(bytes: Uint8Array): readonly Key[] {
  try {
    return Kept.parse(JSON.parse(new TextDecoder().decode(bytes))).keys
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file, detail: 'it cannot be read' }, { cause })
  }
}
