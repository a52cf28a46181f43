/** Images that somebody outside the mesh has sent, who is trusted in nothing. */
import { noteArrival } from '../../core/images/book.ts'
import { counted } from '../../lib/passing.ts'
import { ClawError } from '../../model/failure.ts'
import { parseReference, repositoryOf } from '../../model/image.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ImageStore } from '../../ports/images.ts'
import type { ImageRecord } from './record.ts'

export interface ReceivedArchive {
  readonly content: AsyncIterable<Uint8Array>
  readonly mostBytes: number
}

/** In the book: somebody outside the mesh. */
const from = 'buyer'

export class Received {
  readonly #deps: { readonly store: Pick<ImageStore, 'import'>; readonly clock: Clock }
  readonly #record: ImageRecord

  constructor(deps: { readonly store: Pick<ImageStore, 'import'>; readonly clock: Clock }, record: ImageRecord) {
    this.#deps = deps
    this.#record = record
  }

  /**
   * Exactly the image that the reference has the id of. That it comes is written down first, and stays so until it is forgotten: a daemon
   * that is killed before the engine has answered would not know whose it is. Throws IMAGE_CORRUPT and TOO_LARGE.
   */
  async take(reference: string, { content, mostBytes }: ReceivedArchive, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps
    const id = parseReference(reference).digest ?? ''
    const bounded = counted(content, (bytes) => {
      if (bytes > mostBytes) throw new ClawError('TOO_LARGE', { what: 'The image', limit: mostBytes })
    })
    const arrival = { id, reference, from, at: clock.now(), digests: [`${repositoryOf(reference)}@${id}`] }
    this.#record.change((book) => noteArrival(book, arrival))
    await this.#record.written()
    await store.import(id, bounded, signal, { isPlain: true })
  }

  /** Null for one that was not received. */
  idOf(reference: string): string | null {
    const id = parseReference(reference).digest ?? ''
    return this.#record.book.get(id)?.from === from ? id : null
  }
}

/** Work of somebody else may have begun with it, and pruning takes it later; or somebody has removed it. */
export async function unlessNeeded(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!ClawError.is(error, 'IMAGE_IN_USE') && !ClawError.is(error, 'IMAGE_NOT_FOUND')) throw error
  }
}
