/** Which commands the leader takes from another peer: nodes speak for themselves, and what the leader decides it decides alone. */
import type { NodeId } from '../../model/ids.ts'
import { isOnAccess } from './access-rights.ts'
import type { BackupCommand } from './backup-commands.ts'
import { isOnBackup } from './backups.ts'
import { isOnVault } from './configs.ts'
import { isOnCertificate } from './certificates.ts'
import { isOnCron } from './crons.ts'
import { isOnDeployment } from './deployments.ts'
import { isOnIngress } from './ingresses.ts'
import { isOnNetworkPolicy } from './network-policies.ts'
import { isOnJob } from './jobs.ts'
import { isOnMolt } from './molt.ts'
import { isOnPolicy } from './policies.ts'
import { isOnOverlay } from './overlay.ts'
import type { OverlayCommand } from './overlay-commands.ts'
import type { Command } from './types.ts'
import { isOnWorkflow } from './workflows.ts'

/** May this peer have the leader commit the command? A worker is not trusted to speak for others: it works, and does not decide. */
export const mayForward = (command: Command, from: NodeId, isWorker = false): boolean =>
  (isOnBackup(command) ? isForwardedOnBackup(command, from) : isForwarded(command, from)) &&
  (!isWorker || isWorkersOwn(command, from))

/** What a node says of itself. Nothing that would draw more work to it, and no newcomers: whoever hears the secret of a token could use it. */
function isWorkersOwn(command: Command, from: NodeId): boolean {
  if (command.type === 'note-apikey-use') return true
  if (isOnOverlay(command)) return 'node' in command && command.node === from
  if (command.type === 'update-member')
    return command.node === from && command.labels === undefined && command.labelPatch === undefined
  // It fills what it has; another volume would draw work to it.
  if (command.type === 'report-restore' && command.made !== undefined) return false
  const isReport = command.type.startsWith('report-') || ['claim', 'reject', 'tell'].includes(command.type)
  return isReport && 'node' in command && command.node === from
}

function isForwardedOnBackup(command: BackupCommand, from: NodeId): boolean {
  return 'node' in command ? command.node === from : command.type !== 'fire-backup'
}

/** Nobody takes an address, or gives a key, for another. */
const isForwardedOnOverlay = (command: OverlayCommand, from: NodeId): boolean =>
  !('node' in command) || command.node === from

function isForwarded(command: Exclude<Command, BackupCommand>, from: NodeId): boolean {
  if (isOnOverlay(command)) return isForwardedOnOverlay(command, from)
  if (isOnCertificate(command)) return command.node === from
  if (isOnPolicy(command) || isOnAccess(command) || isOnIngress(command) || isOnNetworkPolicy(command)) return true
  if (isOnMolt(command)) return command.type !== 'report-molt' || command.node === from
  if (isOnDeployment(command)) return command.type !== 'set-rollout'
  if (isOnJob(command) || isOnCron(command) || isOnWorkflow(command)) return !leadersOnTime.includes(command.type)
  if (isOnVault(command)) return !leadersOnVault.includes(command.type)
  switch (command.type) {
    case 'found':
    case 'place':
    case 'place-gang':
    case 'withdraw':
    case 'lose':
    case 'give-up':
    case 'note-wait':
    case 'seal-mesh-key':
    case 'record-liveness':
    case 'prune':
    case 'raise-version':
      return false
    case 'claim':
    case 'reject':
    case 'report-inventory':
    case 'report-starting':
    case 'report-running':
    case 'report-checkpoint':
    case 'report-health':
    case 'report-ended':
    case 'report-audit-head':
    case 'report-snapshot':
    case 'report-restore':
      return command.node === from
    case 'update-member':
      return command.addresses === undefined || command.node === from
    case 'create-token':
    case 'admit':
    case 'remove-member':
    case 'add-operator':
    case 'remove-operator':
    case 'create-namespace':
    case 'update-namespace':
    case 'remove-namespace':
    case 'submit':
    case 'evict':
    case 'update-taints':
    case 'set-scheduling':
    case 'request-stop':
    case 'tell':
    case 'create-volume':
    case 'remove-volume':
    case 'remove-snapshot':
      return true
  }
}

const leadersOnTime: readonly string[] = ['set-job', 'forget-jobs', 'fire-cron', 'set-workflow', 'forget-workflows']
const leadersOnVault: readonly string[] = ['set-vault', 'note-due', 'note-reveal', 'note-secret-use']

/** Commands that no peer but the leader may make: whoever loses the lead drops them. */
export const isLeadersOwn = (command: Command): boolean =>
  [
    'found',
    'place',
    'place-gang',
    'withdraw',
    'lose',
    'give-up',
    'note-wait',
    'seal-mesh-key',
    'record-liveness',
    'prune',
    'set-rollout',
    ...leadersOnTime,
    'fire-backup',
    ...leadersOnVault,
    'raise-version',
  ].includes(command.type)
