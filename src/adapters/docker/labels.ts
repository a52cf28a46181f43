/** What a container's labels say of the task in it. They are all that a restarted daemon has to go by. */
import type { ContainerInspectInfo } from 'dockerode'
import type { RanImage } from '../../model/image.ts'
import type { MeshId, NodeId, PlacementId, WorkloadId } from '../../model/ids.ts'
import type { Millis } from '../../model/time.ts'
import type { Task, TaskPort } from '../../ports/executor.ts'

export const managedBy = 'managed-by=clawbernetes'

/** A task as its labels describe it. */
export interface TaskLabels {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  readonly mesh: MeshId
  readonly node: NodeId
  readonly devices: readonly string[]
  readonly timeout: Millis | null
  readonly stopGrace: Millis
  readonly limitMib: number | null
  readonly ports: readonly TaskPort[]
  /** By which it is in the overlay. */
  readonly network: string | null
}

export function labelsOf(task: Task): Record<string, string> {
  const { spec } = task
  return {
    'managed-by': 'clawbernetes',
    'workload-id': task.workload,
    'claw.mesh': task.mesh,
    'claw.node': task.node,
    'claw.workload': task.workload,
    'claw.attempt': String(task.attempt),
    'claw.placement': task.placement,
    'claw.term': String(task.term),
    'claw.devices': task.devices.map(({ uuid }) => uuid).join(','),
    'claw.name': task.name,
    'claw.stop-grace-ms': String(spec.stopGraceMs),
    ...(spec.timeoutMs === undefined ? {} : { 'claw.timeout-ms': String(spec.timeoutMs) }),
    ...(task.ports === undefined ? {} : { 'claw.ports': portsInWords(task.ports) }),
    ...(task.network === undefined ? {} : { 'claw.network': task.network }),
    ...(spec.memoryMib === undefined ? {} : { 'claw.memory-mib': String(spec.memoryMib) }),
  }
}

/** Null when the container is not one of ours, or its labels were made by something else. */
export function readLabels(labels: Readonly<Record<string, string>>): TaskLabels | null {
  const placement = labels['claw.placement']
  const workload = labels['claw.workload']
  const mesh = labels['claw.mesh']
  const node = labels['claw.node']
  if (labels['managed-by'] !== 'clawbernetes' || !placement || !workload || !mesh || !node) return null
  return {
    placement: placement as PlacementId,
    workload: workload as WorkloadId,
    mesh: mesh as MeshId,
    node: node as NodeId,
    devices: (labels['claw.devices'] ?? '').split(',').filter((uuid) => uuid !== ''),
    timeout: amount(labels['claw.timeout-ms']),
    stopGrace: amount(labels['claw.stop-grace-ms']) ?? 10_000,
    limitMib: amount(labels['claw.memory-mib']),
    ports: (labels['claw.ports'] ?? '').split(',').flatMap(portFrom),
    network: labels['claw.network'] ?? null,
  }
}

/** `8080=20417,9000=9000` */
const portsInWords = (ports: readonly TaskPort[]): string =>
  ports.map(({ port, given }) => `${port}=${given}`).join(',')

function portFrom(text: string): readonly TaskPort[] {
  const [, port, given] = /^(\d{1,5})=(\d{1,5})$/.exec(text) ?? []
  return port === undefined ? [] : [{ port: Number(port), given: Number(given) }]
}

function amount(text: string | undefined): number | null {
  const number = Number(text)
  return text === undefined || !Number.isSafeInteger(number) || number < 0 ? null : number
}

const digestLabel = 'claw.image-digest'
const rootLabel = 'claw.root'

/** Under which digest a registry gave the image out, and that it runs as root; a container cannot tell that of its image. */
export const imageLabels = (digest: string | null, isRoot: boolean): Record<string, string> => ({
  ...(digest === null ? {} : { [digestLabel]: digest }),
  ...(isRoot ? { [rootLabel]: 'true' } : {}),
})

/** What a container, as the engine tells of it, was made of. */
export const ranImage = ({ Image, Config }: ContainerInspectInfo): RanImage => ({
  id: Image,
  digest: Config.Labels[digestLabel] ?? null,
  ...(Config.Labels[rootLabel] === 'true' && { root: true as const }),
})
