/** What a node may be given for a placement: exactly the secrets that its workload asks for and may have, while it has that place. */
import { groupName } from '../state/groups.ts'
import { needsStore } from '../state/volumes.ts'
import type { MeshState } from '../state/types.ts'
import type { Backup } from '../../model/backup.ts'
import { backupApplicant } from '../../model/backup.ts'
import type { BucketPlace } from '../../model/bucket.ts'
import { ClawError } from '../../model/failure.ts'
import type { MeshId, NodeId, PlacementId } from '../../model/ids.ts'
import { workloadId } from '../../model/ids.ts'
import type { Secret, SecretRef } from '../../model/secret.ts'
import { inNamespace, versionOf } from '../../model/secret.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeApplicant, volumeKey } from '../../model/volume.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { scopeOf } from './envelope.ts'
import type { Applicant } from './policy.ts'
import { isAllowed } from './policy.ts'

type Source = Pick<
  MeshState,
  'mesh' | 'workloads' | 'deployments' | 'secrets' | 'jobs' | 'crons' | 'workflows' | 'backups' | 'volumes'
>

/** One value that is due to a placement. */
export interface Entitlement {
  /** In the list of the workload's secrets. */
  readonly index: number
  readonly scope: string
  readonly sealed: string
  /** Null for a value of the workload's own. */
  readonly secret: { readonly name: string; readonly version: number } | null
}

/**
 * Backups have secrets as placements have, and so have volumes. Throws PERMISSION_DENIED for who does not have the placement, does not make the
 * backup, or neither runs anything that mounts the volume nor is where it is written, SECRET_NOT_FOUND and SECRET_DENIED.
 */
export function entitlements(state: Source, placement: PlacementId, node: NodeId): readonly Entitlement[] {
  const backup = state.backups.get(placement)
  if (backup !== undefined) return entitlementsOfBackup(state, backup, node)
  const volume = state.volumes.get(placement)
  if (volume?.s3 !== undefined) return entitlementsOfVolume(state, { ...volume, s3: volume.s3 }, node)
  const workload = holderOf(state, placement)
  if (workload?.placement?.id !== placement || workload.placement.node !== node || isTerminal(workload.state))
    throw new ClawError('PERMISSION_DENIED', {
      action: `have the secrets of ${placement}, which this node does not run`,
    })
  const asker = { namespace: workload.spec.namespace, applicant: applicantOf(state, workload) }
  return (workload.spec.secrets ?? []).map((ref, index) => entitlement(state, asker, { ref, index }))
}

/** The node that keeps it may have what it is encrypted with, and what opens the store that it is in, as long as it is there. */
function entitlementsOfBackup(state: Source, backup: Backup, node: NodeId): readonly Entitlement[] {
  if (backup.target.node !== node)
    throw new ClawError('PERMISSION_DENIED', { action: `have the secrets of ${backup.id}, which another node keeps` })
  const asker = { namespace: backup.namespace, applicant: { names: [backupApplicant], labels: {} } }
  return refsOfBackup(backup).map((ref, index) => entitlement(state, asker, { ref, index }))
}

/** A node that runs what mounts it may have what opens the store that its data is in, and so may the one that puts back what was written. */
function entitlementsOfVolume(
  state: Source,
  volume: Volume & { readonly s3: BucketPlace },
  node: NodeId,
): readonly Entitlement[] {
  const { namespace, name, s3 } = volume
  if (!needsStore(state, volume, node))
    throw new ClawError('PERMISSION_DENIED', {
      action: `have the keys of ${volumeKey(namespace, name)}, which nothing on this node mounts`,
    })
  const asker = { namespace, applicant: { names: [volumeApplicant], labels: {} } }
  return [entitlement(state, asker, { ref: { env: 'STORE', secret: s3.secret }, index: 0 })]
}

/** The first is what it is encrypted with, if it is; the other the keys of its store, if it is in one. */
export const refsOfBackup = ({
  key,
  target,
  state,
}: Pick<Backup, 'key' | 'target' | 'state'>): readonly SecretRef[] => [
  // What is to go is not read any more.
  ...(key === null || state === 'deleting' ? [] : [{ env: 'KEY', ...key }]),
  ...(target.type === 's3' ? [{ env: 'STORE', secret: target.secret }] : []),
]

/** A placement is named after its workload. */
function holderOf({ workloads }: Source, placement: PlacementId): Workload | undefined {
  const cut = placement.lastIndexOf('.')
  return workloads.get(workloadId(placement.slice(0, cut)))
}

function entitlement(
  state: Source,
  { namespace, applicant }: Omit<Asked, 'ref'>,
  { ref, index }: { readonly ref: SecretRef; readonly index: number },
): Entitlement {
  const mesh = state.mesh?.id
  if (mesh === undefined) throw new ClawError('SECRETS_UNAVAILABLE', { detail: 'the mesh is still being founded' })
  if (ref.sealed !== undefined)
    return { index, scope: ownScope({ mesh, namespace, ref }), sealed: ref.sealed, secret: null }
  const { secret, version } = allowed(state, { namespace, ref, applicant })
  return {
    index,
    scope: scopeOf({ mesh, namespace, of: { secret: secret.name, version: version.number } }),
    sealed: version.sealed,
    secret: { name: secret.name, version: version.number },
  }
}

interface Own {
  readonly mesh: MeshId
  readonly namespace: string
  readonly ref: Pick<SecretRef, 'env' | 'path'>
}

/** Of a value that was sealed for a variable of one workload. */
export const ownScope = ({ mesh, namespace, ref }: Own): string =>
  scopeOf({ mesh, namespace, of: { env: ref.env ?? ref.path ?? '' } })

interface Asked {
  readonly namespace: string
  readonly ref: SecretRef
  readonly applicant: Applicant
}

function allowed({ secrets }: Pick<Source, 'secrets'>, { namespace, ref, applicant }: Asked) {
  const name = ref.secret ?? ''
  const secret = secrets.get(inNamespace(namespace, name))
  if (secret === undefined) throw new ClawError('SECRET_NOT_FOUND', { secret: inNamespace(namespace, name) })
  if (!isAllowed(secret.policy, applicant))
    throw new ClawError('SECRET_DENIED', { secret: inNamespace(namespace, name), workload: applicant.names[0] ?? '' })
  const version = versionOf(secret, ref.version ?? secret.current)
  if (version === undefined)
    throw new ClawError('SECRET_NOT_FOUND', {
      secret: inNamespace(namespace, name),
      ...(ref.version !== undefined && { version: ref.version }),
    })
  return { secret, version }
}

/** All names that a policy may know it by. */
function applicantOf(state: Source, workload: Workload): Applicant {
  const group = groupName(workload)
  const deployment = workload.owner === undefined ? undefined : state.deployments.get(workload.owner.deployment)?.name
  const all = [workload.name, group, deployment, ...jobNames(state, workload)]
  const names = all.filter((name) => name !== undefined && name !== null)
  return { names, labels: workload.spec.labels ?? {} }
}

/** Of the job that it is a run of, and of the schedule or workflow that had it made. */
function jobNames({ jobs, crons, workflows }: Source, { run }: Workload): readonly (string | undefined)[] {
  const job = run === undefined ? undefined : jobs.get(run.job)
  if (job === undefined) return []
  const { name, origin } = job
  if (origin === null) return [name]
  return [name, origin.type === 'cron' ? crons.get(origin.cron)?.name : workflows.get(origin.workflow)?.name]
}

/** Before it is submitted: throws what the start of it would fail with. */
export function checkRefs(
  state: Pick<MeshState, 'secrets' | 'configs'>,
  { spec, name }: { readonly spec: WorkloadSpec; readonly name: string },
): void {
  const { namespace, secrets = [], configs = [] } = spec
  const applicant = { names: [name], labels: spec.labels ?? {} }
  for (const ref of secrets) if (ref.secret !== undefined) allowed(state, { namespace, ref, applicant })
  for (const { config } of configs)
    if (!state.configs.has(inNamespace(namespace, config)))
      throw new ClawError('CONFIG_NOT_FOUND', { config: inNamespace(namespace, config) })
}

/** Work that has not ended and is to be given the secret, with the version that it was given last. */
export function usersOf(
  { workloads }: Pick<MeshState, 'workloads'>,
  { namespace, name }: Pick<Secret, 'namespace' | 'name'>,
): readonly { readonly workload: Workload; readonly version: number | null }[] {
  return [...workloads.values()]
    .filter(
      ({ spec, state }) =>
        spec.namespace === namespace &&
        !isTerminal(state) &&
        spec.secrets?.some(({ secret }) => secret === name) === true,
    )
    .map((workload) => ({ workload, version: workload.usedSecrets?.[name] ?? null }))
}

type Sealing = Pick<MeshState, 'secrets' | 'workloads' | 'deployments' | 'jobs' | 'crons' | 'workflows'>

/** Of the vault, under which something in the state is sealed. */
export function epochsInUse({ secrets, workloads, deployments, jobs, crons, workflows }: Sealing): ReadonlySet<number> {
  const used = new Set<number>()
  const note = (sealed: string | undefined): void => {
    const [, epoch] = sealed === undefined ? [] : (/^s1\.(\d{1,9})\./.exec(sealed) ?? [])
    if (epoch !== undefined) used.add(Number(epoch))
  }
  const look = ({ spec }: { readonly spec: WorkloadSpec }): void => spec.secrets?.forEach(({ sealed }) => note(sealed))
  for (const { versions } of secrets.values()) for (const { sealed } of versions) note(sealed)
  for (const work of [...workloads.values(), ...jobs.values(), ...crons.values()]) look(work)
  for (const { revisions } of deployments.values()) revisions.forEach(look)
  for (const { steps } of workflows.values()) steps.forEach(look)
  return used
}
