/** What the operations of one peer work with: narrow views of its services, made by the daemon. */
import type { Backup, BackupFile } from '../model/backup.ts'
import type { GpuSample } from '../model/gpu.ts'
import type { DeploymentId, NodeId, PlacementId } from '../model/ids.ts'
import type { NodeInventory } from '../model/node.ts'
import type { Instant, Millis } from '../model/time.ts'
import type { WriteBackRules } from '../core/volumes/write-back.ts'
import type { Volume, VolumeSnapshot } from '../model/volume.ts'
import type { Workload } from '../model/workload.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { ByteStream } from '../ports/dial.ts'
import type { AttachRequest, Attachment, ExecRequest, ExecSession } from '../ports/exec.ts'
import type { TaskStats, TaskStatus } from '../ports/executor.ts'
import type { KeptLog, LogPiece } from '../ports/log-store.ts'
import type { Log } from '../ports/log.ts'
import type { Disk, HostSample } from '../ports/probe.ts'
import type { RunProgram } from '../ports/program.ts'
import type { Random } from '../ports/random.ts'
import type { Schedules } from '../ports/schedule.ts'
import type { Echo, Tunnels } from '../ports/tunnels.ts'
import type { OverlayLook } from '../services/overlay/types.ts'
import type { KeySource } from '../core/install/drop-ins.ts'
import type { PolicyPorts } from '../core/tailscale/policy.ts'
import type { TailnetEcho } from '../ports/tailscale.ts'
import type { TailscaleLook } from '../services/tailscale/types.ts'
import type { Rpc } from '../ports/rpc.ts'
import type { Verifier } from '../ports/signer.ts'
import type { Copied } from '../ports/volumes.ts'
import type { Pushed } from '../services/volumes/working-copies.ts'
import type { Spool, Spooled } from '../core/spool/spool.ts'
import type { Command } from '../core/state/types.ts'
import type { Backup as MeshBackup } from '../core/state/backup.ts'
import type { Subject } from '../core/vault/envelope.ts'
import type { BackupProgress } from '../services/backups/backup-service.ts'
import type { Control } from '../services/control/types.ts'
import type { Uploads } from '../services/control/uploads.ts'
import type { KeptQuery } from '../services/logs/log-keeper.ts'
import type { Images } from '../services/images/types.ts'
import type { BuyingRoom } from '../services/molt/buying/buying-door.ts'
import type { LendingRoom } from '../services/molt/lending/lending-door.ts'
import type { Molt } from '../services/molt/types.ts'
import type { WalletRoom } from '../services/molt/wallet-door.ts'
import type { Membership } from '../services/membership/types.ts'
import type { SealedValue } from '../services/vault/vault-holder.ts'
import type { OwnValue } from '../services/vault/vault-desk.ts'
import type { ServiceStats } from '../services/proxy/service.ts'
import type { Sight } from './mesh/mesh-changes.ts'
import type { Measured } from './mesh/measured.ts'
import type { Replies } from './replies.ts'
import type { SignedAhead } from './signed/signed-ahead.ts'

/** The work on this host. */
export interface AgentView {
  /** Tasks that this node's executors know, running and ended. */
  tasks(): readonly TaskStatus[]
  stats(placement: PlacementId, signal: AbortSignal): Promise<TaskStats>
  exec(placement: PlacementId, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>
  /** Throws ATTACH_UNSUPPORTED besides what `exec` does. */
  attach(placement: PlacementId, request: AttachRequest, signal: AbortSignal): Promise<Attachment>
  /** A connection to a port of a placement. Throws PORT_UNREACHABLE besides what `exec` does. */
  connect(placement: PlacementId, port: number, signal: AbortSignal): Promise<ByteStream>
}

/** What the work of this host has printed. */
export interface LogsView {
  kept(): readonly KeptLog[]
  /** Throws WORKLOAD_NOT_FOUND for a placement that nothing is kept of, and none is to come of. */
  read(placement: PlacementId, query: KeptQuery, signal: AbortSignal): AsyncIterable<LogPiece>
}

/** This host and its devices, read now. */
export interface HostView {
  inventory(): NodeInventory
  sample(signal: AbortSignal): Promise<HostSample>
  gpus(signal: AbortSignal): Promise<readonly GpuSample[]>
  disks(signal: AbortSignal): Promise<readonly Disk[]>
}

/** The programs of this host, as far as its owner lets others start them. */
export interface ProgramsView {
  /** Where a program is that goes by this name; null when there is none. */
  find(name: string): Promise<string | null>
  /** Throws PERMISSION_DENIED unless the host's configuration lets the program be run. Whoever may run it has its path. */
  allowed(name: string): Promise<string>
  run: RunProgram
}

/** The state of this peer as a file, and the ways to begin anew with another. */
export interface RenewalView {
  backup(signal: AbortSignal): Promise<Uint8Array>
  /** Goes on with this peer as the only voter. */
  recover(lost: readonly string[], by: string): Promise<void>
  restore(backup: MeshBackup, by: string): Promise<void>
  readonly uploads: Pick<Uploads, 'put' | 'take'>
}

/** Submissions that this peer keeps while there is no leader. */
export interface SpoolView {
  entries(): Spool
  /** Throws SPOOL_FULL and DISK_FULL. */
  keep(submission: Spooled): Promise<Spooled>
  drop(command: string): Promise<void>
}

/** Secrets, sealed and opened. */
export interface VaultView {
  /** So that only voters can open it. Throws SECRETS_UNAVAILABLE before the mesh has a key for that. */
  seal(subject: Omit<Subject, 'mesh'>, value: Uint8Array): string
  /** Of the values, those that the revision has as well, by their variables; the leader says it. */
  same(
    deployment: DeploymentId,
    revision: number,
    values: readonly OwnValue[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>
  /** What lets one node open the value, on a peer that can. Throws SECRET_UNREADABLE and SECRETS_UNAVAILABLE. */
  handOn(value: SealedValue, sealKey: string): string
  /** The value, with what was handed on to this very node. Throws SECRET_UNREADABLE. */
  openHanded(value: SealedValue, key: string): Uint8Array
}

/** How requests to deployments went of late, at all peers together. */
export interface ServicesView {
  stats(deployment: DeploymentId, span: Millis, signal: AbortSignal): Promise<ServiceStats>
}

/** Data of the volumes of this node. */
export interface VolumesView {
  /** Throws TOO_LARGE, DISK_FULL and EXECUTOR_UNAVAILABLE. `onBytes` is told how much there is so far. */
  copy(volume: Volume, id: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Copied>
  /** Over what is there, in a directory. Throws STATE_CORRUPT for a copy that is not what was written. */
  putOver(volume: Volume, snapshot: VolumeSnapshot, signal: AbortSignal): Promise<void>
  /** The same of what may be damaged. */
  readCopy(snapshot: VolumeSnapshot): Promise<AsyncIterable<Uint8Array>>
  /** Puts what work has changed into the store of the volume. */
  push(volume: Volume, rules: WriteBackRules, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Pushed>
  /** Makes what is to hold the data of the volume in its incarnation. */
  fill(volume: Volume, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
  /** Throws VOLUME_BUSY for what a container has that runs. */
  refuseUsed(volume: Volume, signal: AbortSignal): Promise<void>
  /** What was to hold its data. */
  drop(volume: Volume, signal: AbortSignal): Promise<void>
  /** What has held its data before. */
  dropOthers(volume: Volume, signal: AbortSignal): Promise<void>
  forgetCopy(id: string): Promise<void>
  /** Has it decided that the volume goes, and takes its data away then. Throws VOLUME_BUSY before that. */
  discard(volume: Volume, decide: () => Promise<unknown>, signal: AbortSignal): Promise<void>
}

/** The overlay on this node. */
export interface OverlayView {
  /** Throws OVERLAY_FAILED. */
  look(signal: AbortSignal): Promise<OverlayLook>
  echo(address: string, options: Parameters<Tunnels['echo']>[1]): Promise<Echo>
}

/** The tailnet of this node; all of it null where its settings want none. */
export interface TailnetView {
  look(): TailscaleLook | null
  /** Throws TAILSCALE_FAILED and CONFIG_INVALID. */
  up(signal: AbortSignal): Promise<TailscaleLook | null>
  /** Throws TAILSCALE_FAILED. */
  down(signal: AbortSignal): Promise<TailscaleLook | null>
  echo(address: string, count: number, signal: AbortSignal): Promise<TailnetEcho>
  /** Of this host, as its settings have them. */
  readonly ports: PolicyPorts
  readonly keySource: KeySource
}

/** Backups that this node makes and keeps. */
export interface BackupsView {
  /** How far one is that is being made here, until it is not any more. */
  follow(id: string, signal: AbortSignal): AsyncIterable<BackupProgress>
  /** What is wrong with each of its files that is damaged. */
  verify(
    backup: Backup,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<readonly { readonly file: string; readonly detail: string }[]>
  /** What was copied. Throws BACKUP_DAMAGED, at the latest at the end. */
  read(backup: Backup, file: BackupFile, signal: AbortSignal): AsyncIterable<Uint8Array>
}

export interface TokenRequest {
  readonly ttl: Millis
  readonly roles: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Caller that asked for it. */
  readonly by: string
  /** Has the mesh keep it, for that caller. */
  commit(command: Command): Promise<unknown>
}

/** What the daemon counts of itself. */
export interface FiguresView {
  /** In Prometheus’ text format. */
  scrape(): Promise<string>
}

export interface OperationContext {
  readonly self: NodeId
  /** Version of this daemon. */
  readonly version: string
  readonly startedAt: Instant
  /** Where this peer's API answers, such as `http://127.0.0.1:8080`; null when it has no TCP listener. */
  readonly apiAddress: string | null
  /** What the caller may see of it. */
  readonly control: Control
  /** All of it, where `control` shows only a part: for decisions in which all work takes part. */
  readonly everything?: Control
  readonly membership: Membership
  readonly agent: AgentView
  readonly logs: LogsView
  readonly host: HostView
  readonly programs: ProgramsView
  readonly renewal: RenewalView
  readonly spool: SpoolView
  readonly vault: VaultView
  /** Null on a node that runs no containers. */
  readonly images: Images | null
  readonly services: ServicesView
  readonly volumes: VolumesView
  readonly backups: BackupsView
  /** This node among strangers. */
  readonly molt: Molt
  readonly overlay: OverlayView
  readonly tailnet: TailnetView
  /** What this node lends to strangers. */
  readonly lending: LendingRoom
  /** What this node has strangers run. */
  readonly buying: BuyingRoom
  /** What this node owns among strangers. */
  readonly wallet: WalletRoom
  /** What is done here, and by whom. */
  readonly audit: AuditLog
  /** What the record calls the request that it is for; left out where it is for none. */
  readonly request?: string
  /** Of invocations on this node. */
  readonly replies: Replies
  /** What becomes of the mesh, for all who watch it here. */
  readonly sight: Pick<Sight, 'follow'>
  readonly measured: Pick<Measured, 'read'>
  readonly figures: FiguresView
  readonly clock: Clock
  readonly random: Random
  readonly schedules: Schedules
  readonly verifier: Verifier
  /** What was signed by clocks that are ahead; nothing is kept of it where this is left out. */
  readonly signedAhead?: SignedAhead
  readonly rpc: Rpc
  readonly log: Log
  /** The caller has said how fresh the state must be, and it is: there is nothing more to wait for. */
  readonly isSettled?: true
  /** Makes a join token, commits its hash and returns the text that lets a host in. */
  createToken(
    request: TokenRequest,
    signal: AbortSignal,
  ): Promise<{ readonly token: string; readonly notAfter: Instant }>
  /** Hands the lead of this peer to a voter. Returns whether it worked. */
  transferLead(to: NodeId): Promise<boolean>
  /** Why a pending workload waits, in the scheduler's words; null when it does not wait. */
  explain(workload: Workload): string | null
}
