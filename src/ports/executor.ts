/**
 * What runs work on a host: Docker, plain processes, or a simulation. Everything is keyed by placement id and may be repeated:
 * starting twice starts once, stopping what is gone is fine.
 */
import type { LogBlock } from '../lib/log-block.ts'
import type { CheckpointSignal } from '../model/checkpoint.ts'
import type { RanImage } from '../model/image.ts'
import type { MeshId, NodeId, PlacementId, WorkloadId } from '../model/ids.ts'
import type { GpuDevice } from '../model/gpu.ts'
import type { Isolation } from '../model/molt-hardware.ts'
import type { ExecutorKind } from '../model/node.ts'
import type { WorkloadError, WorkloadSpec } from '../model/workload.ts'
import type { Instant, Millis } from '../model/time.ts'
import type { AttachRequest, Attachment, ExecRequest, ExecSession } from './exec.ts'
import type { Unsubscribe } from './rpc.ts'

/** Whom a task asks for names, in this order, and what is tried after a name that has no dots. */
export interface TaskResolver {
  readonly servers: readonly string[]
  readonly search: readonly string[]
}

/** One attempt to run, with everything decided. */
export interface Task {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  readonly attempt: number
  readonly term: number
  readonly mesh: MeshId
  readonly node: NodeId
  readonly name: string
  readonly spec: WorkloadSpec
  /** What the mesh tells it besides; what the workload itself sets comes before it. */
  readonly env: Readonly<Record<string, string>>
  readonly devices: readonly GpuDevice[]
  /** Not there when it declares none. */
  readonly ports?: readonly TaskPort[]
  /** Not there where it asks whom its host asks. */
  readonly resolver?: TaskResolver
  /** Network of the engine by which it is in the overlay; not there where it is on the usual one. */
  readonly network?: string
  /** Values that no disk may hold, and nobody but the task may see. */
  readonly secretEnv?: Readonly<Record<string, string>>
  /** In memory only. */
  readonly files?: readonly TaskFile[]
  /** Makes ready what it mounts, which may take as long as its image does; takes the place of the mounts of its spec. */
  readonly prepareMounts?: PrepareMounts
  /** Waited for once all that takes long is done, right before it runs and has an address. */
  readonly beforeStart?: (signal: AbortSignal) => Promise<void>
  /** Called last of all, and takes no time: throws where it may not start after all. */
  readonly confirmStart?: () => void
}

export type PrepareMounts = (onProgress: (text: string) => void, signal: AbortSignal) => Promise<PreparedMounts>

/** What a task mounts, and holds on to until a container has it. */
export interface PreparedMounts {
  readonly mounts: WorkloadSpec['mounts']
  /** Before the task runs with them: the engine makes an empty volume of one that is gone. Throws VOLUME_COPY_CUT. */
  readonly verify: (signal: AbortSignal) => Promise<void>
  /** Once a container has them, or never will. */
  readonly release: () => void
}

/** A file that a task finds where it wants it, and can only read. */
export interface TaskFile {
  readonly path: string
  readonly data: Uint8Array
  /** Of no use to anybody but the user that the task runs as. */
  readonly isSecret: boolean
}

/** A port that a workload declares, and the one on which it really listens: another one on the network of its node. */
export interface TaskPort {
  readonly port: number
  readonly given: number
}

export type TaskState =
  | { readonly state: 'starting'; readonly progress: string }
  | {
      readonly state: 'running'
      readonly startedAt: Instant
      readonly image?: RanImage
      /** In the overlay; not there where it is none of it. */
      readonly overlayAddress?: string
    }
  /** It ended. `error` is null only for exit code 0, or for a stop that was asked for. */
  | {
      readonly state: 'ended'
      readonly exitCode: number | null
      readonly error: WorkloadError | null
      readonly endedAt: Instant
      readonly image?: RanImage
    }

export interface TaskStatus {
  readonly placement: PlacementId
  readonly workload: WorkloadId
  /** Engine's own id, such as a container id, once there is one. */
  readonly handle: string | null
  readonly devices: readonly string[]
  /** As they were given when it was started, by whichever daemon. Not there when it declares none. */
  readonly ports?: readonly TaskPort[]
  readonly status: TaskState
}

export interface LogQuery {
  readonly follow: boolean
  /** Last so many lines; null for all. Ignored when `from` is given. */
  readonly tail: number | null
  /** Position of the line to go on after. */
  readonly from: number | null
}

export interface TaskStats {
  readonly cpuPercent: number
  readonly memoryUsedMib: number
  readonly memoryLimitMib: number | null
  /** Null where nobody counts it for this task alone, as on the host's network. */
  readonly networkRxBytes: number | null
  readonly networkTxBytes: number | null
  readonly blockReadBytes: number
  readonly blockWriteBytes: number
  readonly pids: number
  /** Process ids as the host has them; null where they are not known, or nobody needs them. */
  readonly processes: readonly number[] | null
}

export interface PortAddress {
  readonly host: string
  readonly port: number
}

export interface Executor {
  readonly kind: ExecutorKind
  /** Name and version of the engine. Throws EXECUTOR_UNAVAILABLE when it does not answer. */
  version(signal: AbortSignal): Promise<string>
  /** Finds the tasks of this mesh and node that an earlier daemon left, running or ended, and goes on watching them. */
  adopt(mesh: MeshId, node: NodeId, signal: AbortSignal): Promise<readonly TaskStatus[]>
  /** Returns once the task runs, or has ended. Throws a ClawError when it cannot be started; nothing is left behind then. */
  start(task: Task, signal: AbortSignal): Promise<void>
  /** To the task's own process, not to those that it has started. A task that nobody knows, or that does not run, is no error. */
  signal(placement: PlacementId, name: CheckpointSignal): Promise<void>
  /**
   * Holds all processes of a task still; it counts as running, keeps all it has, and can be stopped as any other. Pausing twice pauses once. A
   * task that does not run is no error. Not there where the executor cannot.
   */
  pause?(placement: PlacementId): Promise<void>
  /** Lets it go on. One that is not paused is no error. */
  resume?(placement: PlacementId): Promise<void>
  /** By what it could keep work of strangers apart now. Not there where it cannot at all. Throws EXECUTOR_UNAVAILABLE. */
  isolations?(signal: AbortSignal): Promise<readonly Isolation[]>
  /** SIGTERM, and after the grace SIGKILL. Returns once it has ended. A task that nobody knows is no error. */
  stop(placement: PlacementId, grace: Millis): Promise<void>
  /** Removes the traces of an ended task: container and log. */
  remove(placement: PlacementId): Promise<void>
  status(placement: PlacementId): TaskStatus | null
  /** Every change of every task's status, in order per task. */
  onStatus(listener: (status: TaskStatus) => void): Unsubscribe
  /** Throws WORKLOAD_NOT_FOUND for a task nobody knows. With `follow`, ends when the task has ended and all was read. */
  logs(placement: PlacementId, query: LogQuery, signal: AbortSignal): AsyncIterable<LogBlock>
  stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats>
  /**
   * Runs a further command beside the task's own. Throws WORKLOAD_NOT_FOUND for a task nobody knows, WORKLOAD_NOT_RUNNING for one that does
   * not run, EXEC_FAILED when the command cannot be run. Aborting the signal kills the command.
   */
  exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>
  /** To the task's own process. Throws as `exec` does. Not there where the executor has no way into what it runs. */
  attach?(placement: PlacementId, request: AttachRequest, signal: AbortSignal): Promise<Attachment>
  /** Where this host reaches a port of the task. Throws as `exec` does; whether anything listens there is not looked at. */
  address(placement: PlacementId, port: number, signal: AbortSignal): Promise<PortAddress>
  /** Lets go of the engine. Tasks go on running, except where the executor cannot keep them (simulated). */
  close(): Promise<void>
}
