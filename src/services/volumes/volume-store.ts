/** The store of objects that a volume names, opened with its keys, and what there is in it for a node to copy. */
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ObjectStore, OpenObjects } from '../../ports/objects.ts'
import type { VaultService } from '../vault/vault-service.ts'
import type { Plan } from './object-archive.ts'
import { planOf } from './object-archive.ts'

export interface StoreDeps {
  readonly open: OpenObjects
  readonly vault: Pick<VaultService, 'values'>
  /** Most bytes of one volume, where it says no less itself. */
  readonly mostBytes: number
}

export type S3Volume = Volume & { readonly s3: NonNullable<Volume['s3']> }

/** Of one volume. */
export const mostObjects = 100_000
/** What changes while it is copied is listed again so often. */
const tries = 3

/** Throws VOLUME_SOURCE, and what the vault does. */
export async function storeOf(deps: StoreDeps, volume: S3Volume, signal: AbortSignal): Promise<ObjectStore> {
  const { namespace, name, s3 } = volume
  const key = volumeKey(namespace, name)
  const secrets = [{ env: 'STORE', secret: s3.secret }]
  // The vault knows it by its key.
  const [keys] = await deps.vault.values({ spec: { namespace, secrets } }, key as PlacementId, signal)
  return deps.open(s3, keys ?? new Uint8Array(), key)
}

/** What it holds now. Throws VOLUME_SOURCE and TOO_LARGE. */
export async function planFor(
  deps: StoreDeps,
  volume: S3Volume,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<Plan> {
  const key = volumeKey(volume.namespace, volume.name)
  const plan = planOf(await store.list(mostObjects, signal), key)
  const limit = mostBytesOf(deps, volume)
  if (plan.bytes > limit) throw new ClawError('TOO_LARGE', { what: `What ${key} holds`, limit })
  return plan
}

export const mostBytesOf = ({ mostBytes }: Pick<StoreDeps, 'mostBytes'>, { sizeMib }: Volume): number =>
  sizeMib === null ? mostBytes : Math.min(mostBytes, sizeMib * mib)

/** Again for what does not stand still while it is copied. Throws VOLUME_COPY_CUT in the end. */
export async function untilStill<T>(copy: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copy()
    } catch (error) {
      if (!ClawError.is(error, 'VOLUME_COPY_CUT') || attempt >= tries) throw error
    }
  }
}

/** All of one copy has to be there in so long, for each of its objects and at a MiB a second, whatever else keeps it going. Throws VOLUME_SOURCE. */
export async function inPatience(
  { bytes, files }: Plan,
  {
    clock,
    volume,
    signal,
  }: { readonly clock: Pick<Clock, 'after'>; readonly volume: string; readonly signal: AbortSignal },
  copy: (until: AbortSignal) => Promise<void>,
): Promise<void> {
  const patience: Millis = 10 * minute + (bytes / mib) * second + files.length * second
  const late = new AbortController()
  const detail = `all of it was to be here in ${Math.ceil(patience / minute)} minutes`
  const cancel = clock.after(patience, () => late.abort(new ClawError('VOLUME_SOURCE', { volume, detail })))
  try {
    await copy(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    signal.throwIfAborted()
    late.signal.throwIfAborted()
    throw error
  } finally {
    cancel()
  }
}

const mib = 1_048_576

export const inMib = (bytes: number): string => (bytes / mib).toFixed(1)
