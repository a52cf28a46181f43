/** All that can go wrong without a bug: a code, what kind of trouble it is, one sentence on what happened, one on what to do. */

import { auditFailures } from './audit-failures.ts'
import { accessFailures } from './access-failures.ts'
import { deploymentFailures } from './deployment-failures.ts'
import { doorFailures } from './door-failures.ts'
import { execFailures } from './exec-failures.ts'
import { volumeFailures } from './volume-failures.ts'
import { backupFailures } from './backup-failures.ts'
import { secretFailures } from './secret-failures.ts'
import { serviceFailures } from './service-failures.ts'
import type { Failure } from './failure-row.ts'
import { failure, meant } from './failure-row.ts'
import { hostFailures } from './host-failures.ts'
import { overlayFailures } from './overlay-failures.ts'
import { imageFailures } from './image-failures.ts'
import { jobFailures } from './job-failures.ts'
import { moltFailures } from './molt-failures.ts'
import { ingressFailures } from './ingress-failures.ts'
import { policyFailures } from './policy-failures.ts'
import { recordFailures } from './record-failures.ts'

export type { FailureKind } from './failure-row.ts'

export const failures = {
  ECONNREFUSED: failure(
    'unavailable',
    ({ address }: { address: string }) => `Nothing answers at ${address}.`,
    'Start a peer with `clawnode start`, or name one with --gateway.',
  ),
  AUTH_FAILED: failure(
    'unauthenticated',
    // The mesh is for those who sign: what they sign says for which mesh it is.
    ({ reason }: { reason: string; mesh?: string }) => `The request was not authenticated: ${reason}.`,
    'Give a token or API key with --token-file, an operator’s key with --operator-key, or use the Unix socket on the host itself.',
  ),
  PERMISSION_DENIED: failure(
    'refused',
    ({ action, missing }: { action: string; missing?: string }) =>
      `You may not ${action}${missing === undefined ? '' : `: ${missing}`}.`,
    'See what you may do with `clawbernetes auth can-i --list`. Who may change users grants more: `clawbernetes auth user assign-role`.',
  ),
  INVALID_REQUEST: failure(
    'invalid',
    ({ problem }: { problem: string }) => `The request is not valid: ${problem}.`,
    'See the command’s --help for what it takes.',
  ),
  SPEC_INVALID: failure(
    'invalid',
    ({ problem }: { problem: string; problems: readonly string[] }) => `The file is not valid: ${problem}.`,
    'See what a file may say with `clawbernetes explain`, and check it with `clawbernetes validate FILE`.',
  ),
  NODE_NOT_FOUND: failure(
    'not-found',
    ({ node, near }: { node: string; near?: string }) => `No node is called ${node}.${meant(near)}`,
    'List the nodes with `clawbernetes node list`.',
  ),
  WORKLOAD_NOT_FOUND: failure(
    'not-found',
    ({ workload, near }: { workload: string; near?: string }) => `No workload is called ${workload}.${meant(near)}`,
    'List the workloads with `clawbernetes workload list`.',
  ),
  AMBIGUOUS_NAME: failure(
    'invalid',
    ({ wanted, candidates }: { wanted: string; candidates: string }) => `${wanted} could be ${candidates}.`,
    'Write the whole name, or more of the id.',
  ),
  ...auditFailures,
  ...accessFailures,
  ...deploymentFailures,
  ...doorFailures,
  ...execFailures,
  ...hostFailures,
  ...jobFailures,
  ...serviceFailures,
  ...volumeFailures,
  ...backupFailures,
  ...moltFailures,
  ...overlayFailures,
  ...policyFailures,
  ...ingressFailures,
  ...recordFailures,
  ...secretFailures,
  LOGS_GONE: failure(
    'not-found',
    ({ workload, node }: { workload: string; node: string }) =>
      `The output of ${workload} is no longer kept on ${node}.`,
    'Nodes keep the newest output, as much as logs.totalMib in their configuration says.',
  ),
  OPERATION_NOT_FOUND: failure(
    'not-found',
    ({ operation }: { operation: string }) => `There is no operation ${operation}.`,
    'List the operations with `clawbernetes --help`, or read /api/openapi.json.',
  ),
  NAME_TAKEN: failure(
    'conflict',
    ({ name }: { name: string }) => `A workload that has not ended is already called ${name}.`,
    'Choose another --name, or stop that workload first.',
  ),
  NO_GPUS_AVAILABLE: failure(
    'capacity',
    ({ reason }: { reason: string }) => `No node has the GPUs that were asked for: ${reason}.`,
    'Wait for work to end, ask for less, or try --priority high.',
  ),
  PLACEMENT_SUPERSEDED: failure(
    'conflict',
    ({ placement }: { placement: string }) => `Placement ${placement} is no longer current.`,
    'Nothing needs to be done: the mesh has decided anew.',
  ),
  ...imageFailures,
  CONTAINER_FAILED: failure(
    'refused',
    ({ detail }: { detail: string }) => `The workload could not be started: ${detail}.`,
    'Check the command, the mounts and the limits that were given.',
  ),
  NONZERO_EXIT: failure(
    'refused',
    ({ exitCode }: { exitCode: number }) =>
      exitCode === 137
        ? 'The workload ended with exit code 137: something killed it, perhaps for want of memory.'
        : `The workload ended with exit code ${exitCode}.`,
    'Read its output with `clawbernetes logs`.',
  ),
  OOM_KILLED: failure(
    'refused',
    ({ limitMib }: { limitMib: number | null }) =>
      `The workload ran out of memory${limitMib === null ? '' : ` (limit ${limitMib} MiB)`} and was killed.`,
    'Give it more with --memory.',
  ),
  WORKLOAD_TIMEOUT: failure(
    'timeout',
    ({ seconds }: { seconds: number }) => `The workload ran longer than its ${seconds} s and was stopped.`,
    'Give it more time with --timeout.',
  ),
  DEPENDENCY_FAILED: failure(
    'conflict',
    ({ reason }: { reason: string }) => `What the workload waits for can no longer be: ${reason}.`,
    'See to the other workload, then submit this one again.',
  ),
  NAMESPACE_NOT_FOUND: failure(
    'not-found',
    ({ namespace }: { namespace: string }) => `There is no namespace ${namespace}.`,
    'List them with `clawbernetes namespace list`.',
  ),
  NAMESPACE_EXISTS: failure(
    'conflict',
    ({ namespace }: { namespace: string }) => `There is a namespace ${namespace} already.`,
    'Change it with `clawbernetes namespace set`, or choose another name.',
  ),
  NAMESPACE_BUSY: failure(
    'conflict',
    ({ namespace, workloads }: { namespace: string; workloads: number }) =>
      `The namespace ${namespace} still has ${workloads} workload(s) that have not ended.`,
    'Stop them first.',
  ),
  QUOTA_EXCEEDED: failure(
    'capacity',
    ({ namespace, reason }: { namespace: string; reason: string }) =>
      `The namespace ${namespace} has used up its quota: ${reason}.`,
    'Wait for its work to end, or have its quota raised with `clawbernetes namespace set`.',
  ),
  GANG_FAILED: failure(
    'conflict',
    ({ reason }: { reason: string }) => `Its gang cannot go on: ${reason}.`,
    'See what became of the other parts with `clawbernetes workload list --group`.',
  ),
  WORKLOAD_LOST: failure(
    'unavailable',
    ({ reason }: { reason: string }) => `The workload is gone: ${reason}.`,
    'Submit it again.',
  ),
  GPU_THERMAL_THROTTLE: failure(
    'capacity',
    ({ device }: { device: string }) => `GPU ${device} is too hot and slows down.`,
    'Move the work to another node or wait until it has cooled.',
  ),
  GPU_NOT_VISIBLE: failure(
    'unavailable',
    ({ detail }: { detail: string }) => `The container does not see the GPUs it was given: ${detail}.`,
    'Check the NVIDIA container toolkit on that node.',
  ),
  DEVICE_BUSY: failure(
    'conflict',
    ({ device }: { device: string }) => `Device ${device} is already in use.`,
    'The mesh places the work elsewhere by itself.',
  ),
  EXECUTOR_UNAVAILABLE: failure(
    'unavailable',
    ({ executor, detail }: { executor: string; detail: string }) =>
      `The ${executor} executor does not answer: ${detail}.`,
    'Check that its engine is running on that node.',
  ),
  NODE_UNREACHABLE: failure(
    'unavailable',
    ({ node, detail }: { node: string; detail: string }) => `Node ${node} could not be reached: ${detail}.`,
    'Check the node with `clawbernetes node info`.',
  ),
  NO_LEADER: failure(
    'unavailable',
    ({ detail }: { detail: string }) => `The mesh has no leader at the moment: ${detail}.`,
    'Try again in some seconds; if it stays so, check that a majority of the voters is up with `clawbernetes gateway status`.',
  ),
  DEADLINE_EXCEEDED: failure(
    'timeout',
    ({ what, ms }: { what: string; ms: number }) => `${what} was not done within ${ms} ms.`,
    'Try again, or allow more time.',
  ),
  TOKEN_INVALID: failure(
    'unauthenticated',
    ({ reason }: { reason: string }) => `The join token was refused: ${reason}.`,
    'Make a new one with `clawbernetes token create` on a member.',
  ),
  NOT_A_MEMBER: failure(
    'unauthenticated',
    ({ reason }: { reason: string }) => `The peer is not a member of this mesh: ${reason}.`,
    'Join it with `clawnode join TOKEN`.',
  ),
  MEMBER_BUSY: failure(
    'conflict',
    ({ node, workloads }: { node: string; workloads: number }) => `Node ${node} still runs ${workloads} workload(s).`,
    'Stop them first, or use --force to give them up.',
  ),
  ALREADY_MEMBER: failure(
    'conflict',
    ({ mesh }: { mesh: string }) => `This data directory already belongs to mesh ${mesh}.`,
    'Use another --data-dir, or remove the node from its mesh first.',
  ),
  PROTOCOL_MISMATCH: failure(
    'refused',
    ({ ours, theirs }: { ours: string; theirs: string }) => `The peer speaks ${theirs}, we speak ${ours}.`,
    'Bring both to the same version.',
  ),
  UPGRADE_NEEDED: failure(
    'conflict',
    ({ what, needs, has, nodes }: { what: string; needs: number; has: number; nodes: string }) =>
      `State version ${needs} is needed for ${what}, and the mesh is at ${has}: ${nodes === '' ? 'it goes on in a moment' : `first upgrade ${nodes}`}.`,
    'Upgrade the nodes that are named, or remove those that are gone for good; `clawbernetes version` shows all.',
  ),
  VERSION_UNSUPPORTED: failure(
    'unavailable',
    ({ found, oldest, newest }: { found: string; oldest: number; newest: number }) =>
      `This daemon applies state versions ${oldest} to ${newest}, and has met ${found}.`,
    'Start the build of clawnode that the rest of the mesh runs on this data directory; what the daemon has stays as it is.',
  ),
  STATE_FULL: failure(
    'capacity',
    ({ what, mib }: { what: string; mib: number }) =>
      `There is no more room for this: ${what} keeps ${mib} MiB of work, schedules, secrets and the like, and no more.`,
    'Delete jobs, workflows and schedules that are over, and have large files and tables in volumes or images rather than in what is submitted.',
  ),
  TOO_LARGE: failure(
    'invalid',
    ({ what, limit }: { what: string; limit: number }) => `${what} is larger than the ${limit} bytes allowed.`,
    'Send less at once.',
  ),
  ANSWER_TOO_LARGE: failure(
    'refused',
    ({ what, bytes, limit }: { what: string; bytes: number; limit: number }) =>
      `${what} was carried out, but its answer of ${bytes} bytes is larger than the ${limit} that fit.`,
    'What it did is done: do not repeat it for the answer alone. Ask for less, such as fewer nodes or a smaller limit.',
  ),
  RATE_LIMITED: failure(
    'unavailable',
    ({ who, seconds }: { who: string; seconds?: number }) =>
      `${who} sent too much at once.${seconds === undefined ? '' : ` In ${seconds} s there is room again.`}`,
    'Slow down and try again.',
  ),
  TOO_MANY_CONNECTIONS: failure(
    'capacity',
    ({ limit }: { limit: number }) => `This peer has ${limit} WebSockets open already and takes no more.`,
    'Ask another peer of the mesh, or close what you do not need.',
  ),
  DISK_FULL: failure(
    'unavailable',
    ({ path }: { path: string }) => `The disk that holds ${path} is full.`,
    'Free some space; the node goes on by itself.',
  ),
  STATE_CORRUPT: failure(
    'internal',
    ({ file, detail }: { file: string; detail: string }) => `${file} is damaged: ${detail}.`,
    'The damaged file was set aside; the node takes its state from the other peers again.',
  ),
  SPOOL_FULL: failure(
    'capacity',
    ({ entries }: { entries: number }) => `This peer keeps ${entries} submission(s) already and takes no more.`,
    'Ask a peer that has a leader, or see what waits with `clawbernetes spool list`.',
  ),
  BACKUP_INVALID: failure(
    'invalid',
    ({ problem }: { problem: string }) => `The backup cannot be used: ${problem}.`,
    'Take another file. The first line of a backup says what it holds: `head -1 FILE`.',
  ),
  MESH_IN_USE: failure(
    'conflict',
    ({ nodes, workloads }: { nodes: number; workloads: number }) =>
      `The mesh has ${nodes} node(s) and ${workloads} workload(s), whose place the backup would take.`,
    'Restore into a fresh mesh of one node, or roll this one back with --force.',
  ),
  INTERNAL: failure(
    'internal',
    ({ detail }: { detail: string }) => `Something unexpected happened: ${detail}.`,
    'Please report this with the daemon’s log.',
  ),
} satisfies Record<string, Failure<never>>
