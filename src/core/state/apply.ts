/**
 * The state machine: one committed entry in, the changed state and an outcome out. It never throws and never looks at a clock:
 * the same entries give the same state on every peer. Refusals are outcomes, so every peer agrees on them too.
 */
import { claim, place, placeGang, reject, withdraw } from './placements.ts'
import { admit, found, removeMember, updateMember } from './members.ts'
import type { CronCommand } from './cron-commands.ts'
import { carryOutOnCron, isOnCron } from './crons.ts'
import type { AccessCommand } from './access-commands.ts'
import { carryOutOnAccess, isOnAccess } from './access-rights.ts'
import type { DeploymentCommand } from './deployment-commands.ts'
import { carryOutOnVault, isOnVault } from './configs.ts'
import { carryOutOnDeployment, isOnDeployment } from './deployments.ts'
import { reportAuditHead } from './audit-heads.ts'
import type { JobCommand } from './job-commands.ts'
import { carryOutOnJob, isOnJob } from './jobs.ts'
import { carryOutOnPolicy, isOnPolicy } from './policies.ts'
import type { PolicyCommand } from './policy-commands.ts'
import { createNamespace, removeNamespace, updateNamespace } from './namespaces.ts'
import { recordLiveness, reportInventory, sealMeshKey } from './nodes.ts'
import { memoryOf } from './memory.ts'
import { keepGangsWhole } from './gangs.ts'
import { evict, lose } from './moves.ts'
import { setScheduling, updateTaints } from './openness.ts'
import { addOperator, createToken, removeOperator } from './access.ts'
import { report } from './reports.ts'
import { brief } from './crowd.ts'
import { tell } from './told.ts'
import type { State } from './state.ts'
import type { Step } from './step.ts'
import { refused } from './step.ts'
import type { Change, Command, Entry, Outcome } from './types.ts'
import type { BackupCommand } from './backup-commands.ts'
import { carryOutOnBackup, isOnBackup } from './backups.ts'
import type { CertificateCommand } from './certificate-commands.ts'
import { carryOutOnCertificate, isOnCertificate } from './certificates.ts'
import type { IngressCommand } from './ingress-commands.ts'
import { carryOutOnIngress, isOnIngress } from './ingresses.ts'
import { carryOutOnNetworkPolicy, isOnNetworkPolicy } from './network-policies.ts'
import type { NetworkPolicyCommand } from './network-policy-commands.ts'
import type { MoltCommand } from './molt-commands.ts'
import { carryOutOnMolt, isOnMolt } from './molt.ts'
import type { VolumeCommand } from './volume-commands.ts'
import { carryOutOnVolume, isOnVolume } from './volumes.ts'
import type { OverlayCommand } from './overlay-commands.ts'
import { carryOutOnOverlay, isOnOverlay } from './overlay.ts'
import { raiseVersion } from './versions.ts'
import type { VaultCommand } from './vault-commands.ts'
import type { WorkflowCommand } from './workflow-commands.ts'
import { carryOutOnWorkflow, isOnWorkflow } from './workflows.ts'
import { giveUp, noteWait, prune, requestStop, submit } from './workloads.ts'

export interface Position {
  readonly index: number
  readonly term: number
}

export interface Applied {
  /** Index at which the command took effect: an earlier one when this entry repeats it. */
  readonly index: number
  readonly outcome: Outcome
  readonly changes: readonly Change[]
}

/** Applies one entry in place. An entry whose id is remembered changes nothing and has the outcome of the first. */
export function apply(state: State, entry: Entry, { index, term }: Position): Applied {
  state.index = index
  const memory = memoryOf(state, entry.via)
  const earlier = memory.get(entry.id)
  if (earlier !== undefined) return { ...earlier, changes: [] }

  state.at = Math.max(state.at, entry.at)
  const step: Step = { state, at: state.at, by: entry.by, term, changes: [] }
  const outcome = carryOut(step, brief(state, entry.command))
  keepGangsWhole(step)
  memory.keep(entry.id, { index, outcome })
  return { index, outcome, changes: step.changes }
}

function carryOut(step: Step, command: Command): Outcome {
  if (command.type !== 'found' && step.state.mesh === null)
    return refused('INVALID_REQUEST', { problem: 'the mesh has not been founded' })

  if (isOnVault(command)) return carryOutOnVault(step, command)
  if (isOnDeployment(command)) return carryOutOnDeployment(step, command)
  if (isOnAccess(command)) return carryOutOnAccess(step, command)
  if (isOnJob(command)) return carryOutOnJob(step, command)
  if (isOnCron(command)) return carryOutOnCron(step, command)
  if (isOnPolicy(command)) return carryOutOnPolicy(step, command)
  if (isOnVolume(command)) return carryOutOnVolume(step, command)
  if (isOnOverlay(command)) return carryOutOnOverlay(step, command)
  if (isOnBackup(command)) return carryOutOnBackup(step, command)
  if (isOnIngress(command)) return carryOutOnIngress(step, command)
  if (isOnNetworkPolicy(command)) return carryOutOnNetworkPolicy(step, command)
  if (isOnCertificate(command)) return carryOutOnCertificate(step, command)
  if (isOnMolt(command)) return carryOutOnMolt(step, command)
  return isOnWorkflow(command) ? carryOutOnWorkflow(step, command) : carryOutAny(step, command)
}

/** What is of none of the areas that have files of their own. */
type Plain = Exclude<
  Command,
  | AccessCommand
  | DeploymentCommand
  | JobCommand
  | CronCommand
  | WorkflowCommand
  | PolicyCommand
  | VolumeCommand
  | BackupCommand
  | IngressCommand
  | NetworkPolicyCommand
  | CertificateCommand
  | MoltCommand
  | OverlayCommand
  | VaultCommand
>

function carryOutAny(step: Step, command: Plain): Outcome {
  switch (command.type) {
    case 'found':
      return found(step, command)
    case 'create-token':
      return createToken(step, command)
    case 'admit':
      return admit(step, command)
    case 'update-member':
      return updateMember(step, command)
    case 'remove-member':
      return removeMember(step, command)
    case 'report-inventory':
      return reportInventory(step, command)
    case 'record-liveness':
      return recordLiveness(step, command)
    case 'seal-mesh-key':
      return sealMeshKey(step, command)
    case 'add-operator':
      return addOperator(step, command)
    case 'remove-operator':
      return removeOperator(step, command)
    case 'submit':
      return submit(step, command)
    case 'place':
      return place(step, command)
    case 'place-gang':
      return placeGang(step, command)
    case 'claim':
      return claim(step, command)
    case 'reject':
      return reject(step, command)
    case 'withdraw':
      return withdraw(step, command)
    case 'report-starting':
    case 'report-running':
    case 'report-checkpoint':
    case 'report-health':
    case 'report-ended':
      return report(step, command)
    case 'evict':
      return evict(step, command)
    case 'lose':
      return lose(step, command)
    case 'note-wait':
      return noteWait(step, command)
    case 'give-up':
      return giveUp(step, command)
    case 'update-taints':
      return updateTaints(step, command)
    case 'set-scheduling':
      return setScheduling(step, command)
    case 'request-stop':
      return requestStop(step, command)
    case 'create-namespace':
      return createNamespace(step, command)
    case 'update-namespace':
      return updateNamespace(step, command)
    case 'remove-namespace':
      return removeNamespace(step, command)
    case 'report-audit-head':
      return reportAuditHead(step, command)
    case 'tell':
      return tell(step, command)
    case 'prune':
      return prune(step, command)
    case 'raise-version':
      return raiseVersion(step, command)
  }
}
