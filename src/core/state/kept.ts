/** What the mesh keeps beside its work: volumes, backups, what it exposes, who may reach whom, its place in a MOLT network, the overlay, and how far the records of its nodes have come. */
import type { NotedHead } from '../../model/audit.ts'
import type { HostCertificate, TlsNode } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Backup, BackupSchedule } from '../../model/backup.ts'
import type { Overlay } from '../../model/overlay.ts'
import type { Ingress } from '../../model/ingress.ts'
import type { NetworkPolicy } from '../../model/network-policy.ts'
import type { Volume } from '../../model/volume.ts'
import type { BackupCommand } from './backup-commands.ts'
import type { CertificateCommand } from './certificate-commands.ts'
import type { IngressCommand } from './ingress-commands.ts'
import type { MoltCommand, MoltState } from './molt-commands.ts'
import type { NetworkPolicyCommand } from './network-policy-commands.ts'
import type { OverlayCommand } from './overlay-commands.ts'
import type { VolumeCommand } from './volume-commands.ts'

export interface Kept extends MoltState {
  /** By namespace and name. */
  readonly volumes: ReadonlyMap<string, Volume>
  readonly backups: ReadonlyMap<string, Backup>
  /** By namespace and name. */
  readonly backupSchedules: ReadonlyMap<string, BackupSchedule>
  /** By namespace and name. */
  readonly ingresses: ReadonlyMap<string, Ingress>
  /** By namespace and name. */
  readonly networkPolicies: ReadonlyMap<string, NetworkPolicy>
  /** Of what is exposed: those that are ordered, by host, and the nodes that show them. */
  readonly certificates: ReadonlyMap<string, HostCertificate>
  readonly tlsNodes: ReadonlyMap<NodeId, TlsNode>
  /** Null while it is off. */
  readonly overlay: Overlay | null
  /** How far each node's audit log had come, as it has told the others from time to time; oldest first. One that has told nothing has no entry. */
  readonly auditHeads: ReadonlyMap<NodeId, readonly NotedHead[]>
}

export type KeptCommand =
  | VolumeCommand
  | BackupCommand
  | IngressCommand
  | NetworkPolicyCommand
  | CertificateCommand
  | MoltCommand
  | OverlayCommand
  /** How far the audit log of a node has come. */
  | { readonly type: 'report-audit-head'; readonly node: NodeId; readonly seq: number; readonly hash: string }
