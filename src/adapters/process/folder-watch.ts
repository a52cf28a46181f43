/** Tells when something in a folder has changed, or might have. */
import { watch, type FSWatcher } from 'node:fs'
import { hasCode } from '../../lib/error-code.ts'

/** Longest wait before looking again, should the system not tell of a change. */
const patienceMs = 500

export class FolderWatch {
  #watcher: FSWatcher | null = null
  #hasChanged = true
  #wake = (): void => {}

  constructor(folder: string) {
    try {
      this.#watcher = watch(folder, { persistent: false }, () => this.touch())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch (error) {
      // Gone already, or the system has no more watches to give: then patience alone has to do.
      if (!hasCode(error, 'ENOENT', 'ENOSPC', 'EMFILE')) throw error
    }
  }

  /** Says that it has changed. */
  touch(): void {
    this.#hasChanged = true
    this.#wake()
  }

  /** Returns at once when it has changed since the last call, and for the first call; otherwise when it does, or soon. Throws the signal's reason. */
  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#hasChanged) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
        signal.addEventListener('abort', this.#wake, { once: true })
      })
      signal.removeEventListener('abort', this.#wake)
    }
    this.#hasChanged = false
    signal.throwIfAborted()
  }

  close(): void {
    this.#watcher?.close()
    this.#wake()
  }
}
