/** The columns of tables that more than one command shows. */
import { taintInWords } from '../../../model/label.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Column } from './table.ts'
import { ago, gpusInWords, orDash, percent } from './words.ts'

type Node = OutputOf<'node.list'>[number]
type Workload = OutputOf<'workload.list'>[number]
type Event = OutputOf<'node.events'>[number]

export const nodeColumns: readonly Column<Node>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'GPUs', cell: ({ gpus }) => gpusInWords(gpus) },
  { head: 'Status', cell: ({ status }) => status },
  { head: 'Utilization', cell: ({ utilization }) => percent(utilization), volatile: true },
  { head: 'Free', cell: ({ gpus, gpusFree }) => (gpus.length === 0 ? '—' : `${gpusFree}/${gpus.length}`), wide: true },
  { head: 'Memory', cell: ({ gpus }) => orDash(gpus[0] === undefined ? null : `${gpus[0].memoryMib} MiB`), wide: true },
  { head: 'Workloads', cell: ({ workloads }) => String(workloads), wide: true },
  { head: 'Last seen', cell: ({ lastSeen }) => ago(lastSeen), wide: true, volatile: true },
  { head: 'New work', cell: ({ scheduling }) => schedulingInWords(scheduling), wide: true },
  { head: 'Labels', cell: ({ labels }) => orDash(labelsInWords(labels)), wide: true },
  { head: 'Taints', cell: ({ taints }) => orDash(taintsInWords(taints)), wide: true },
  { head: 'Id', cell: ({ id }) => id, wide: true },
]

export const workloadColumns: readonly Column<Workload>[] = [
  { head: 'Id', cell: ({ id }) => id },
  { head: 'Name', cell: ({ name }) => name },
  { head: 'State', cell: ({ state }) => state },
  { head: 'Ready', cell: ({ ready }) => readyInWords(ready) },
  { head: 'Node', cell: ({ node }) => orDash(node) },
  { head: 'GPUs', cell: ({ gpus }) => String(gpus) },
  { head: 'Submitted', cell: ({ submittedAt }) => ago(submittedAt), volatile: true },
  { head: 'Namespace', cell: ({ namespace }) => namespace, wide: true },
  { head: 'Retries', cell: ({ retries }) => String(retries), wide: true },
  { head: 'Exit', cell: ({ exitCode }) => orDash(exitCode), wide: true },
  { head: 'Labels', cell: ({ labels }) => orDash(labelsInWords(labels ?? {})), wide: true },
  { head: 'Image', cell: ({ image }) => image, wide: true },
  { head: 'Position', cell: ({ queue }) => orDash(queue?.position ?? null), wide: true },
  {
    head: 'Estimated start',
    cell: ({ queue }) => startInWords(queue ?? null),
    wide: true,
  },
  {
    head: 'Why',
    cell: ({ reason, error, unreadyReason }) => orDash(reason ?? error?.message ?? unreadyReason ?? null),
    wide: true,
  },
]

export const eventColumns: readonly Column<Event>[] = [
  { head: 'At', cell: ({ at }) => at },
  { head: 'Type', cell: ({ type }) => type },
  { head: 'Message', cell: ({ message }) => message },
  { head: 'Node', cell: ({ node }) => orDash(node), wide: true },
  { head: 'Workload', cell: ({ workload }) => orDash(workload), wide: true },
]

/** A peer of an older build does not say. */
export const readyInWords = (ready: boolean | null | undefined): string =>
  ready === null || ready === undefined ? '—' : ready ? 'yes' : 'no'

const startInWords = (queue: Workload['queue']): string => (queue === null ? '—' : (queue.estimatedStart ?? 'unknown'))

export const labelsInWords = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')

/** `yes`, `no: cordoned (new disks)`. */
export const schedulingInWords = ({ mode, reason }: Node['scheduling']): string =>
  mode === 'open' ? 'yes' : `no: ${mode}${reason === '' ? '' : ` (${reason})`}`

/** `gpu=h100:NoSchedule`, as `run --toleration` and `node taint` take it. */
export const taintsInWords = (taints: Node['taints']): string => taints.map(taintInWords).join(', ')

export const eventLine = ({ at, type, message }: Event): string => `${at}  ${type.padEnd(20)}  ${message}`
