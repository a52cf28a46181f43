/** Which commands the leader takes from another peer: nodes speak for themselves, and what the leader decides it decides alone. */
import type { NodeId } from '../../model/ids.ts'
import type { Command } from './types.ts'

/** May this peer have the leader commit the command? */
export function mayForward(command: Command, from: NodeId): boolean {
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
    case 'set-rollout':
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
    case 'create-deployment':
    case 'update-deployment':
    case 'pause-deployment':
    case 'resume-deployment':
    case 'promote-deployment':
    case 'rollback-deployment':
    case 'delete-deployment':
    case 'create-policy':
    case 'update-policy':
    case 'remove-policy':
    case 'set-prices':
    case 'tell':
      return true
  }
}

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
    'raise-version',
  ].includes(command.type)
