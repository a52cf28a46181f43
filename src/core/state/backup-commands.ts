/** The commands on backups: what users ask for, the moments that the leader finds to have come, and what the node says that makes one. */
import type {
  Backup,
  BackupFile,
  BackupRetention,
  BackupSelection,
  BackupTarget,
  BackupTiming,
} from '../../model/backup.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Instant } from '../../model/time.ts'

interface Named {
  readonly namespace: string
  readonly name: string
}

interface Asked {
  readonly selection: BackupSelection
  readonly target: BackupTarget
}

export type BackupCommand =
  | (Asked & { readonly type: 'create-backup'; readonly backup: string; readonly namespace: string })
  /** Somebody has made it before. Its node reads what is there, and says what is in it, as if it had made that. */
  | {
      readonly type: 'import-backup'
      readonly backup: string
      readonly namespace: string
      readonly target: BackupTarget
      /** What it is encrypted with. */
      readonly secret: string
    }
  | {
      readonly type: 'report-backup'
      readonly backup: string
      readonly node: NodeId
      readonly made:
        | {
            readonly ok: true
            readonly files: readonly BackupFile[]
            readonly manifest: NonNullable<Backup['manifest']>
          }
        | { readonly ok: false; readonly reason: string }
    }
  /** Its node then takes away what is there of it, also when it is being made. */
  | { readonly type: 'delete-backup'; readonly backup: string }
  | { readonly type: 'report-backup-gone'; readonly backup: string; readonly node: NodeId }
  | (Named &
      Asked & {
        readonly type: 'create-backup-schedule'
        readonly timing: BackupTiming
        readonly keep: BackupRetention
      })
  | (Named & { readonly type: 'suspend-backup-schedule'; readonly suspended: boolean })
  /** Its backups stay. */
  | (Named & { readonly type: 'delete-backup-schedule' })
  /**
   * Everything up to `at` is dealt with. It is accepted only for a moment after the last that was, so each moment counts once, whoever
   * leads and however often a leader is replaced in the middle of it.
   */
  | (Named & {
      readonly type: 'fire-backup'
      readonly at: Instant
      /** The backup that is made for that moment; without one it is passed over. */
      readonly backup?: string
      /** How many moments before `at`, or with it, are passed over. */
      readonly missed: number
    })
