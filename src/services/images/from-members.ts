/** Takes an image from whichever member has it, from another one when a source fails, and waits where all are busy. */
import { rankSources, type Source } from '../../core/images/sources.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { OnProgress, StoredImage } from '../../ports/images.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import { askMembers, type FindingDeps } from './finding.ts'
import { pause } from './pause.ts'
import { takeFrom, type TransferDeps } from './transfer.ts'

export interface FromMembersDeps extends FindingDeps, TransferDeps {
  readonly rpc: FindingDeps['rpc'] & TransferDeps['rpc']
  readonly random: Pick<Random, 'next'>
  readonly log: Log
  readonly nameOf: (node: NodeId) => string
  readonly mostBytes: number
}

export type MemberTake =
  | { readonly image: StoredImage; readonly source: Source; readonly from: string }
  /** Nobody has it, or nobody could give it. */
  | { readonly image: null; readonly problems: readonly string[] }

/** How long to wait for members that give the image to others at the moment. */
const busyPatience: Millis = 10 * minute
const shortestPause: Millis = second

export async function fromMembers(
  deps: FromMembersDeps,
  reference: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<MemberTake> {
  const { clock, random, log, metrics, nameOf, mostBytes } = deps
  const failed = new Set<NodeId>()
  const problems: string[] = []
  const giveUpAt = clock.elapsed() + busyPatience
  for (;;) {
    const sources = await askMembers(deps, { reference, without: failed }, signal)
    const [source] = rankSources(sources, () => random.next())
    if (source === undefined) return { image: null, problems }
    const from = nameOf(source.node)
    try {
      if (source.bytes > mostBytes) throw new ClawError('TOO_LARGE', { what: 'The image', limit: mostBytes })
      if (source.busy) throw new ClawError('RATE_LIMITED', { who: from })
      const image = await takeFrom(deps, { source, from }, onProgress, signal)
      metrics.count('claw_image_transfers_total', { result: 'ok' })
      return { image, source, from }
    } catch (error) {
      signal.throwIfAborted()
      if (!isClawError(error)) throw error
      if (isAboutUs(error)) throw error
      if (ClawError.is(error, 'RATE_LIMITED') && clock.elapsed() < giveUpAt) {
        const text = `waiting for ${from}, which gives images to others`
        onProgress({ text, doneBytes: 0, totalBytes: source.bytes, bytesPerSecond: null, layers: null })
        await pause(clock, shortestPause * (1 + random.next()), signal)
        continue
      }
      metrics.count('claw_image_transfers_total', { result: error.code })
      log.warn('an image could not be taken from a member', { image: reference, from, problem: error.message })
      failed.add(source.node)
      problems.push(`${from}: ${error.message}`)
    }
  }
}

/** No other source would help. */
const isAboutUs = (error: ClawError): boolean =>
  ClawError.is(error, 'EXECUTOR_UNAVAILABLE') || ClawError.is(error, 'DISK_FULL')
