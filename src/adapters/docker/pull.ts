/** Makes sure that an image is there, with progress for people. */
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import { pullFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { JsonLines } from './json-lines.ts'
import type { PullEvent } from './pull-progress.ts'
import { PullProgress } from './pull-progress.ts'

/** People read no faster, and every update may become an entry of the replicated log. */
const between: Millis = 1_000
/** A registry that says nothing for so long has hung. */
const patience: Millis = 600_000

export interface PullDeps {
  readonly docker: Dockerode
  readonly clock: Clock
  readonly onProgress: (text: string) => void
}

/** Pulls only what is not there. Throws IMAGE_NOT_FOUND, IMAGE_PULL_FAILED or EXECUTOR_UNAVAILABLE. */
export async function ensureImage(deps: PullDeps, image: string, signal: AbortSignal): Promise<void> {
  if (await isThere(deps.docker, image, signal)) return
  deps.onProgress('pulling image')
  const hung = new AbortController()
  try {
    await pull(deps, withTag(image), { signal: AbortSignal.any([signal, hung.signal]), hung })
  } catch (error) {
    signal.throwIfAborted()
    const detail = `the registry said nothing for ${patience / 1_000} s`
    throw hung.signal.aborted ? new ClawError('IMAGE_PULL_FAILED', { image, detail }) : pullFailure(error, image)
  }
}

async function isThere(docker: Dockerode, image: string, signal: AbortSignal): Promise<boolean> {
  try {
    await ask(signal, () => docker.getImage(image).inspect())
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

interface Ends {
  readonly signal: AbortSignal
  readonly hung: AbortController
}

async function pull({ docker, clock, onProgress }: PullDeps, image: string, { signal, hung }: Ends): Promise<void> {
  const giveUp = (): (() => void) => clock.after(patience, () => hung.abort(new Error('hung')))
  let cancel = giveUp()
  try {
    const stream = await ask(signal, (abortSignal) => docker.pull(image, { abortSignal }), null)
    const lines = new JsonLines()
    const progress = new PullProgress()
    let told = clock.elapsed()
    for await (const chunk of stream) {
      cancel()
      cancel = giveUp()
      for (const event of lines.push(chunk as Buffer)) progress.add(pullEvent(event))
      if (clock.elapsed() - told < between) continue
      told = clock.elapsed()
      onProgress(progress.text())
    }
  } finally {
    cancel()
  }
}

/** Throws what the engine reports in the middle of a pull. */
function pullEvent(event: unknown): PullEvent {
  if (typeof event !== 'object' || event === null) return {}
  if ('error' in event) throw new Error(String(event.error))
  return event
}

/** Without a tag the engine would pull every tag there is. */
export function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return /[:@]/.test(name) ? image : `${image}:latest`
}
