/** Takes images from their registries, with progress for people. */
import type Dockerode from 'dockerode'
import { withTag } from '../../model/image.ts'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { OnProgress } from '../../ports/images.ts'
import { pullFailure } from './engine-failure.ts'
import { ask } from './engine.ts'
import { JsonLines } from './json-lines.ts'
import type { PullEvent } from './pull-progress.ts'
import { PullProgress } from './pull-progress.ts'
import type { Credentials } from './registry-credentials.ts'

/** People read no faster, and every update may become an entry of the replicated log. */
const between: Millis = 1_000
/** A registry that says nothing for so long has hung. */
const patience: Millis = 600_000

export interface PullDeps {
  readonly docker: Dockerode
  readonly clock: Clock
  readonly credentials: Credentials
}

/** Throws IMAGE_NOT_FOUND, IMAGE_ACCESS_DENIED, IMAGE_PULL_FAILED or EXECUTOR_UNAVAILABLE. */
export async function pullImage(
  deps: PullDeps,
  image: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const hung = new AbortController()
  try {
    await pull(deps, withTag(image), onProgress, { signal: AbortSignal.any([signal, hung.signal]), hung })
  } catch (error) {
    signal.throwIfAborted()
    const detail = `the registry said nothing for ${patience / 1_000} s`
    throw hung.signal.aborted ? new ClawError('IMAGE_PULL_FAILED', { image, detail }) : pullFailure(error, image)
  }
}

/** The digest under which the registry has it now. Throws as a pull does. */
export async function digestAtRegistry(
  { docker, credentials }: PullDeps,
  image: string,
  signal: AbortSignal,
): Promise<string> {
  const authconfig = await credentials(image, signal)
  try {
    const told = (await ask(signal, () =>
      docker.getImage(withTag(image)).distribution(authconfig === null ? undefined : { authconfig }),
    )) as { readonly Descriptor?: { readonly digest?: unknown } }
    const digest = told.Descriptor?.digest
    if (typeof digest !== 'string') throw new Error('the registry named no digest')
    return digest
  } catch (error) {
    signal.throwIfAborted()
    throw pullFailure(error, image)
  }
}

interface Ends {
  readonly signal: AbortSignal
  readonly hung: AbortController
}

async function pull(
  { docker, clock, credentials }: PullDeps,
  image: string,
  onProgress: OnProgress,
  { signal, hung }: Ends,
): Promise<void> {
  const authconfig = await credentials(image, signal)
  const giveUp = (): (() => void) => clock.after(patience, () => hung.abort(new Error('hung')))
  let cancel = giveUp()
  try {
    const auth = authconfig === null ? {} : { authconfig }
    const stream = await ask(signal, (abortSignal) => docker.pull(image, { ...auth, abortSignal }), null)
    const lines = new JsonLines()
    const progress = new PullProgress()
    let told = clock.elapsed()
    onProgress(progress.at(told))
    for await (const chunk of stream) {
      cancel()
      cancel = giveUp()
      for (const event of lines.push(chunk as Buffer)) progress.add(pullEvent(event))
      if (clock.elapsed() - told < between) continue
      told = clock.elapsed()
      onProgress(progress.at(told))
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
