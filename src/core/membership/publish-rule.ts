/** When a node says something about itself, and by which way: at once when it matters, seldom when it does not. */
import type { GpuSample } from '../../model/gpu.ts'
import type { ReportContent } from '../../model/report.ts'
import type { Millis } from '../../model/time.ts'

export interface PublishSettings {
  /** Up to so many members reports go round by gossip; in larger meshes by anti-entropy, because a gossip delivery costs too much. */
  readonly gossipUpTo: number
  /** Shortest time between two reports when what matters for placement or health has changed. */
  readonly urgentAfter: Millis
  /** Shortest time between two reports when only figures have moved notably. */
  readonly notableAfter: Millis
  /** A report goes out at least so often. */
  readonly heartbeat: Millis
  /** All nodes together send no more heartbeats than this in a second: each one costs every node a signature check. */
  readonly meshPerSecond: number
}

export const publishDefaults: PublishSettings = {
  gossipUpTo: 24,
  urgentAfter: 500,
  notableAfter: 5_000,
  heartbeat: 10_000,
  meshPerSecond: 100,
}

export const isSmallMesh = (members: number, { gossipUpTo }: PublishSettings): boolean => members <= gossipUpTo

/** How often each node reports in a mesh of this size when nothing happens. */
export const heartbeatOf = (members: number, { heartbeat, meshPerSecond }: PublishSettings): Millis =>
  Math.max(heartbeat, (members * 1_000) / meshPerSecond)

/** When the next report is due, given what the last one said, when it was made, and what there is to say now. */
export function publishAt(
  last: { readonly content: ReportContent; readonly at: Millis } | null,
  content: ReportContent,
  members: number,
  settings: PublishSettings,
): Millis {
  if (last === null) return 0
  const heartbeat = heartbeatOf(members, settings)
  const scale = heartbeat / settings.heartbeat
  switch (weightOf(last.content, content)) {
    case 'urgent':
      return last.at + settings.urgentAfter * scale
    case 'notable':
      return last.at + settings.notableAfter * scale
    case 'none':
      return last.at + heartbeat
  }
}

/** How much it matters to others that the one has become the other. */
export function weightOf(before: ReportContent, after: ReportContent): 'urgent' | 'notable' | 'none' {
  if (essence(before) !== essence(after)) return 'urgent'
  const moved = (a: number | null, b: number | null, by: number): boolean =>
    a === null ? b !== null : b === null || Math.abs(a - b) >= by
  const isGpuMoved = after.gpus.some((gpu, at) => {
    const old = before.gpus[at]
    if (old === undefined) return true
    return (
      moved(old.utilization, gpu.utilization, 10) ||
      moved(old.memoryUsedMib, gpu.memoryUsedMib, 1_024) ||
      moved(old.temperatureC, gpu.temperatureC, 5)
    )
  })
  const isHostMoved =
    moved(before.host.cpuUtilization, after.host.cpuUtilization, 20) ||
    moved(before.host.memoryUsedMib, after.host.memoryUsedMib, after.host.memoryTotalMib / 10) ||
    moved(before.host.diskFreeMib, after.host.diskFreeMib, Math.max(1_024, before.host.diskFreeMib / 10))
  return isGpuMoved || isHostMoved ? 'notable' : 'none'
}

/** What decides where work may go: devices and their health, what is given out, and what is wrong. */
const essence = ({ gpus, busy, problems, version, isOutdated }: ReportContent): string =>
  JSON.stringify([gpus.map(fitness), busy.toSorted(), problems, version, isOutdated])

const fitness = ({ uuid, health, throttle }: GpuSample): unknown => [uuid, health, throttle.includes('thermal')]
