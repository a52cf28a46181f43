/** How far one peer has followed the leader, and how much is on its way to it. Mutated in place by the leader. */
import type { Millis } from '../../model/time.ts'
import type { Settings } from './types.ts'

/**
 * probe: it is not known where the logs are equal, so one append at a time. replicate: it is, so appends follow each other without
 * waiting. snapshot: the entries that it needs are gone, so it is being sent the state.
 */
export type Mode = 'probe' | 'replicate' | 'snapshot'

export interface Progress {
  mode: Mode
  /** The logs are known to be equal up to here. */
  match: number
  /** The next entry to send. */
  next: number
  /** In `probe`: an append is out, wait for its reply or for the next heartbeat. */
  paused: boolean
  /** In `replicate`: the last index and the size of each append that has not been answered, oldest first. */
  readonly inflight: { readonly last: number; readonly bytes: number }[]
  inflightBytes: number
  /** The highest round that it answered in this term. */
  round: number
  /** The commit index that it was told last. */
  toldCommit: number
  /** When it must hear from the leader again. */
  beatAt: Millis
  readonly addedAt: Millis
  /** When it answered last; null before the first answer. */
  heardAt: Millis | null
  /** Before this no further snapshot is sent, so that one that cannot be installed is not sent all the time. */
  snapshotAfter: Millis
  mute: boolean
}

export const newProgress = (next: number, at: Millis): Progress => ({
  mode: 'probe',
  match: 0,
  next,
  paused: false,
  inflight: [],
  inflightBytes: 0,
  round: 0,
  toldCommit: 0,
  beatAt: at,
  addedAt: at,
  heardAt: null,
  snapshotAfter: at,
  mute: false,
})

/** May another append with entries be sent? */
export const hasRoom = (progress: Progress, settings: Settings): boolean => {
  if (progress.mode === 'probe') return !progress.paused
  if (progress.mode === 'snapshot') return false
  return progress.inflight.length < settings.maxInflightAppends && progress.inflightBytes < settings.maxInflightBytes
}

export function noteSent(progress: Progress, last: number, bytes: number): void {
  if (progress.mode === 'probe') {
    progress.paused = true
    return
  }
  progress.inflight.push({ last, bytes })
  progress.inflightBytes += bytes
  progress.next = last + 1
}

/** The logs are equal up to `index`. */
export function noteMatch(progress: Progress, index: number): void {
  progress.match = Math.max(progress.match, index)
  progress.next = Math.max(progress.next, progress.match + 1)
  if (progress.mode !== 'replicate') {
    progress.mode = 'replicate'
    progress.next = progress.match + 1
  }
  progress.paused = false
  const answered = progress.inflight.findIndex(({ last }) => last > progress.match)
  for (const { bytes } of progress.inflight.splice(0, answered === -1 ? progress.inflight.length : answered))
    progress.inflightBytes -= bytes
}

/** The peer has lost its log. */
export function noteLoss(progress: Progress): void {
  progress.mute = true
  forgetMatch(progress)
}

/** Where the logs were known to be equal, they are no more. */
export function forgetMatch(progress: Progress): void {
  progress.match = 0
  probeFrom(progress, progress.next)
}

/** Something was lost, or the logs differ: find out where they are equal, from `next` down. */
export function probeFrom(progress: Progress, next: number): void {
  progress.mode = 'probe'
  progress.next = Math.max(progress.match + 1, next)
  progress.paused = false
  progress.inflight.length = 0
  progress.inflightBytes = 0
}

export function waitForSnapshot(progress: Progress): void {
  probeFrom(progress, progress.next)
  progress.mode = 'snapshot'
}
