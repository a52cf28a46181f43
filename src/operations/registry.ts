/** Every operation there is. A new one is a line here and shows up at every door. */
import type { z } from 'zod'
import {
  moltIdentity,
  moltNetworkCreate,
  moltNetworkExport,
  moltNetworkInfo,
  moltNetworkJoin,
  moltNetworkLeave,
} from './molt/molt-network.ts'
import {
  moltEarnings,
  moltLeaseInfo,
  moltLeaseList,
  moltPolicySet,
  moltPolicyShow,
  moltPolicyValidate,
} from './molt/molt-lending.ts'
import { moltBuyingSet, moltBuyingShow, moltMarket, moltQuote, moltRequest } from './molt/molt-buying.ts'
import { moltJobFetched, moltJobKeep, moltJobOutputs, moltJobUpload } from './molt/molt-job-data.ts'
import { moltJobCancel, moltJobExec, moltJobFollow, moltJobInfo, moltJobList, moltJobLogs } from './molt/molt-jobs.ts'
import { moltJoin, moltLeave, moltStatus } from './molt/molt-part.ts'
import { moltFindings } from './molt/molt-findings.ts'
import {
  moltDisputeEvidence,
  moltDisputeInfo,
  moltDisputeList,
  moltDisputeOpen,
  moltVerdict,
} from './molt/molt-disputes.ts'
import { moltProbe } from './molt/molt-probe.ts'
import { moltReputation } from './molt/molt-reputation.ts'
import { moltExport, moltStatement, moltVerify } from './molt/molt-statement.ts'
import { moltBalance, moltTransfer, moltWallet } from './molt/molt-wallet.ts'
import { operatorAdd, operatorList, operatorRemove, tokenCreate } from './access.ts'
import { auditQuery, auditTail } from './audit/audit-query.ts'
import { auditRead } from './audit/audit-read.ts'
import { auditExport, auditVerify } from './audit/audit-verify.ts'
import { apikeyCreate, apikeyList, apikeyRevoke, apikeyRotate } from './auth/apikey.ts'
import { canI, whoami } from './auth/own.ts'
import { roleCreate, roleDelete, roleInfo, roleList } from './auth/role.ts'
import {
  userAssign,
  userCreate,
  userDelete,
  userDisable,
  userEnable,
  userInfo,
  userLink,
  userList,
  userUnassign,
} from './auth/user.ts'
import { backupCreate, backupDelete, backupFollow, backupImport, backupInfo, backupList } from './backup/backup.ts'
import {
  backupScheduleCreate,
  backupScheduleDelete,
  backupScheduleList,
  backupScheduleResume,
  backupScheduleSuspend,
} from './backup/backup-schedule.ts'
import { backupRead, backupRestore, backupVerify } from './backup/backup-use.ts'
import { containerExec } from './workload/container-exec.ts'
import {
  deployCreate,
  deployDelete,
  deployHistory,
  deployList,
  deployPause,
  deployPromote,
  deployResume,
  deployRollback,
  deployScale,
  deployStatus,
  deployUpdate,
  deployWait,
} from './deployment/deployment.ts'
import { deployDiff, workloadDiff } from './spec/diff.ts'
import { containerInspect, containerList, containerLogs, containerRun, containerStop } from './workload/container.ts'
import { containerStats } from './workload/container-stats.ts'
import { eventsWatch } from './mesh/events.ts'
import { eventsEmit, eventsQuery } from './mesh/events-told.ts'
import { gatewayTransfer, gatewayVoters } from './mesh/gateway-change.ts'
import { gatewayRecover } from './mesh/gateway-recover.ts'
import { gatewayPing, gatewayStatus, status } from './mesh/gateway.ts'
import {
  jobCreate,
  jobDelete,
  jobList,
  jobLogs,
  jobResume,
  jobStatusOf,
  jobStop,
  jobSuspend,
  jobUpdate,
  jobWait,
} from './job/job.ts'
import {
  cronCreate,
  cronDelete,
  cronHistory,
  cronInfoOf,
  cronList,
  cronResume,
  cronSuspend,
  cronTrigger,
  cronUpdate,
} from './cron/cron.ts'
import { gpuList, gpuMetrics, nodeCapabilities, nodeHealth, systemInfo } from './node/host.ts'
import { systemRun, systemWhich } from './node/system.ts'
import { version } from './mesh/version.ts'
import { imageBring, imageHome, imageLoad, imagePull, imagePush, imageUpload } from './image/image-transfer.ts'
import { imageInfo, imageList, imagePrune, imageRemove } from './image/image.ts'
import { namespaceUsage, priceList, priceSet } from './mesh/namespace-usage.ts'
import { namespaceCreate, namespaceDelete, namespaceInfo, namespaceList, namespaceSet } from './mesh/namespace.ts'
import { meshBackup, meshRestore, meshUpload } from './mesh/mesh.ts'
import { meshInvoke } from './mesh/mesh-invoke.ts'
import { meshHealth, meshMetrics } from './mesh/mesh-metrics.ts'
import { metricsScrape } from './mesh/metrics-scrape.ts'
import { meshUpdates } from './mesh/mesh-updates.ts'
import { networkPing } from './network/network-ping.ts'
import {
  networkPolicyCreate,
  networkPolicyDelete,
  networkPolicyInfo,
  networkPolicyList,
  networkPolicyUpdate,
} from './network/network-policy.ts'
import { networkPolicyCheck } from './network/network-policy-check.ts'
import { networkResolve } from './network/network-resolve.ts'
import {
  networkConfig,
  networkDisable,
  networkEnable,
  networkRotate,
  networkShow,
  networkStatus,
} from './network/network.ts'
import { tailscaleAcl, tailscaleConfig, tailscaleDown, tailscaleStatus, tailscaleUp } from './network/tailscale.ts'
import { nodeInvoke } from './node/node-invoke.ts'
import { nodeCordon, nodeDrain, nodeDrained, nodeTaint, nodeUncordon, nodeUndrain } from './node/node-openness.ts'
import { nodeEvents, nodeInfo, nodeLabel, nodeList, nodeMetrics, nodeRemove } from './node/node.ts'
import { logKept } from './logs/log-attempts.ts'
import { logRead } from './logs/log-read.ts'
import { logSearch, nodeLogSearch } from './logs/log-search.ts'
import { placementLogs } from './logs/placement-logs.ts'
import { configCreate, configDelete, configGet, configList, configUpdate } from './config/config.ts'
import {
  secretCreate,
  secretDelete,
  secretHistory,
  secretInfo,
  secretList,
  secretPolicySet,
  secretRollback,
  secretRotate,
  secretSet,
} from './secret/secret.ts'
import { secretGet, secretOpen } from './secret/secret-reveal.ts'
import { serviceInfo, serviceList, serviceStats } from './deployment/service.ts'
import { ingressDiff } from './ingress/ingress-diff.ts'
import { ingressCreate, ingressDelete, ingressInfo, ingressList, ingressUpdate } from './ingress/ingress.ts'
import { policyCreate, policyDelete, policyInfo, policyList, policyUpdate, policyValidate } from './policy/policy.ts'
import { spoolDrop, spoolList } from './mesh/spool.ts'
import {
  workflowCancel,
  workflowCreate,
  workflowDelete,
  workflowList,
  workflowLogs,
  workflowRetry,
  workflowStatusOf,
  workflowWait,
} from './workflow/workflow.ts'
import { workflowValidate } from './workflow/workflow-plan.ts'
import { volumeCreate, volumeDelete, volumeInfo, volumeList } from './volume/volume.ts'
import { volumePush } from './volume/volume-push.ts'
import { volumeForget, volumeRestore, volumeSnapshot } from './volume/volume-snapshot.ts'
import { workloadDecisions } from './workload/workload-decisions.ts'
import { workloadLogLines, workloadLogs } from './workload/workload-logs.ts'
import { placementConnect, workloadConnect } from './workload/workload-connect.ts'
import { workloadAttach } from './workload/workload-attach.ts'
import { workloadExec } from './workload/workload-exec.ts'
import { workloadMigrate } from './workload/workload-migrate.ts'
import { workloadPlan, workloadWhy } from './workload/workload-why.ts'
import { workloadInfo, workloadList, workloadRun, workloadStop, workloadWait } from './workload/workload.ts'

export const operations = [
  ...[status, version, gatewayPing, gatewayStatus],
  ...[nodeList, nodeInfo, nodeRemove, nodeLabel, nodeEvents, nodeMetrics, nodeInvoke, meshInvoke],
  ...[nodeCordon, nodeUncordon, nodeDrain, nodeUndrain, nodeDrained, nodeTaint, workloadMigrate],
  ...[gatewayVoters, gatewayTransfer, gatewayRecover],
  ...[meshHealth, meshMetrics, metricsScrape, meshUpdates],
  ...[meshBackup, meshUpload, meshRestore],
  ...[nodeCapabilities, nodeHealth, systemInfo, systemWhich, systemRun, gpuList, gpuMetrics],
  ...[workloadRun, workloadList, workloadInfo, workloadStop, workloadWait, workloadLogs],
  ...[workloadLogLines, placementLogs, logRead, logSearch, nodeLogSearch, logKept],
  ...[deployCreate, deployUpdate, deployScale, deployPromote, deployRollback, deployPause, deployResume],
  ...[deployDiff, workloadDiff],
  ...[deployDelete, deployStatus, deployList, deployHistory, deployWait],
  ...[namespaceCreate, namespaceSet, namespaceList, namespaceUsage, namespaceInfo, namespaceDelete],
  ...[priceList, priceSet],
  ...[policyCreate, policyUpdate, policyDelete, policyList, policyInfo, policyValidate],
  ...[workloadWhy, workloadPlan, workloadDecisions, spoolList, spoolDrop],
  ...[
    imageList,
    imageInfo,
    imageRemove,
    imagePrune,
    imagePull,
    imagePush,
    imageBring,
    imageUpload,
    imageLoad,
    imageHome,
  ],
  ...[containerRun, containerStop, containerLogs, containerList, containerInspect, containerStats, containerExec],
  ...[workloadExec, workloadAttach, workloadConnect, placementConnect],
  ...[jobCreate, jobStatusOf, jobList, jobWait, jobLogs, jobUpdate, jobStop, jobSuspend, jobResume, jobDelete],
  ...[cronCreate, cronList, cronInfoOf, cronHistory, cronUpdate, cronTrigger, cronSuspend, cronResume, cronDelete],
  ...[workflowCreate, workflowValidate, workflowStatusOf, workflowList, workflowWait, workflowLogs],
  ...[workflowCancel, workflowRetry, workflowDelete],
  ...[serviceList, serviceInfo, serviceStats],
  ...[ingressCreate, ingressDiff, ingressList, ingressInfo, ingressUpdate, ingressDelete],
  ...[volumeCreate, volumeList, volumeInfo, volumeSnapshot, volumePush, volumeRestore, volumeForget, volumeDelete],
  ...[
    backupCreate,
    backupImport,
    backupFollow,
    backupList,
    backupInfo,
    backupVerify,
    backupRead,
    backupRestore,
    backupDelete,
  ],
  ...[backupScheduleCreate, backupScheduleList, backupScheduleSuspend, backupScheduleResume, backupScheduleDelete],
  ...[moltNetworkCreate, moltNetworkInfo, moltNetworkExport, moltNetworkJoin, moltNetworkLeave, moltIdentity],
  ...[moltJoin, moltLeave, moltStatus],
  ...[
    networkEnable,
    networkDisable,
    networkRotate,
    networkStatus,
    networkShow,
    networkConfig,
    networkPing,
    networkResolve,
    ...[tailscaleStatus, tailscaleUp, tailscaleDown, tailscaleConfig, tailscaleAcl],
    ...[networkPolicyCreate, networkPolicyList, networkPolicyInfo, networkPolicyUpdate, networkPolicyDelete],
    networkPolicyCheck,
  ],
  ...[moltPolicyShow, moltPolicySet, moltPolicyValidate, moltLeaseList, moltLeaseInfo, moltEarnings],
  ...[moltMarket, moltQuote, moltRequest, moltProbe, moltBuyingShow, moltBuyingSet],
  ...[moltJobList, moltJobInfo, moltJobCancel, moltJobFollow, moltJobLogs, moltJobExec],
  ...[moltJobOutputs, moltJobFetched, moltJobUpload, moltJobKeep],
  ...[moltWallet, moltBalance, moltTransfer, moltStatement, moltExport, moltVerify, moltReputation, moltFindings],
  ...[moltDisputeList, moltDisputeInfo, moltDisputeOpen, moltDisputeEvidence, moltVerdict],
  ...[auditQuery, auditTail, auditVerify, auditExport, auditRead],
  ...[whoami, canI, roleCreate, roleList, roleInfo, roleDelete],
  ...[userCreate, userList, userInfo, userAssign, userUnassign, userLink, userDisable, userEnable, userDelete],
  ...[apikeyCreate, apikeyList, apikeyRevoke, apikeyRotate],
  ...[secretCreate, secretList, secretInfo, secretGet, secretSet, secretRotate, secretRollback, secretDelete],
  ...[secretHistory, secretPolicySet, secretOpen],
  ...[configCreate, configGet, configUpdate, configDelete, configList],
  ...[tokenCreate, operatorAdd, operatorList, operatorRemove, eventsWatch, eventsEmit, eventsQuery],
] as const

type Known = (typeof operations)[number]
type Named<Name> = Extract<Known, { readonly name: Name }>

export type UnaryName = Extract<Known, { readonly kind: 'unary' }>['name']
export type DuplexName = Extract<Known, { readonly kind: 'duplex' }>['name']
export type StreamName = Extract<Known, { readonly kind: 'stream' }>['name']
/** What a caller gives, and what it gets: one answer, or each item. */
export type InputOf<Name extends UnaryName | StreamName | DuplexName> = z.input<Named<Name>['input']>
export type OutputOf<Name extends UnaryName | StreamName | DuplexName> = z.output<Named<Name>['output']>
/** What a caller may tell in a conversation. */
export type MessageOf<Name extends DuplexName> = z.input<Named<Name>['message']>
