/** Volumes: which there are, where the data of each is, and who uses it. */
import type { NodeId } from '../../model/ids.ts'
import { inNamespace } from '../../model/secret.ts'
import type { Volume } from '../../model/volume.ts'
import { isBound, isWrittenBack, volumeKey } from '../../model/volume.ts'
import type { Workload, WorkloadSpec } from '../../model/workload.ts'
import { isTerminal } from '../../model/workload.ts'
import { mountFindings } from '../policy/evaluate.ts'
import { namespaceOf } from './namespaces.ts'
import { deniedBy } from './policies.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'
import type { VolumeCommand } from './volume-commands.ts'
import { behindVolume } from './volume-paths.ts'

const types: ReadonlySet<string> = new Set<VolumeCommand['type']>([
  ...(['create-volume', 'remove-volume', 'report-snapshot', 'remove-snapshot', 'report-restore'] as const),
])

export const isOnVolume = (command: Command): command is VolumeCommand => types.has(command.type)

export function carryOutOnVolume(step: Step, command: VolumeCommand): Outcome {
  switch (command.type) {
    case 'create-volume':
      return create(step, command)
    case 'remove-volume':
      return remove(step, command)
    case 'report-snapshot':
      return noteSnapshot(step, command)
    case 'remove-snapshot':
      return forgetSnapshot(step, command)
    case 'report-restore':
      return command.made === undefined ? refill(step, command) : makeFilled(step, command)
  }
}

/** The volumes that the work names, each once. What names none is a directory, or a volume of the engine itself. */
export function volumesOf(
  { volumes }: Pick<MeshState, 'volumes'>,
  { namespace, mounts }: Pick<WorkloadSpec, 'namespace' | 'mounts'>,
): readonly Volume[] {
  if (volumes.size === 0) return []
  const found = mounts.flatMap(({ source }) => volumes.get(volumeKey(namespace, source)) ?? [])
  return [...new Set(found)]
}

/** Where the data of volumes is that are on one node only, by their key. The same object until that changes. */
export function boundVolumes(state: Pick<MeshState, 'volumes'>): ReadonlyMap<string, NodeId> {
  const bound = new Map<string, NodeId>()
  for (const [key, volume] of state.volumes) if (isBound(volume) && volume.node !== null) bound.set(key, volume.node)
  return bound
}

/** Why the work may not go to the node; null when it may. */
export function volumeObstacle(state: State, spec: WorkloadSpec, node: NodeId): Outcome | null {
  for (const volume of volumesOf(state, spec)) {
    if (!isBound(volume) || volume.node === null || volume.node === node) continue
    const name = state.members.get(volume.node)?.name ?? volume.node
    return refused('VOLUME_ELSEWHERE', { volume: volumeKey(volume.namespace, volume.name), node: name })
  }
  return null
}

/** From here on their data is there. */
export function bindVolumes(state: State, spec: WorkloadSpec, node: NodeId): void {
  for (const volume of volumesOf(state, spec))
    if (isBound(volume) && volume.node === null)
      state.volumes.set(volumeKey(volume.namespace, volume.name), { ...volume, node })
}

/** Work that has not ended and names the volume. */
export const usersOf = (
  { workloads }: Pick<MeshState, 'workloads'>,
  { namespace, name }: Pick<Volume, 'namespace' | 'name'>,
): readonly Workload[] =>
  [...workloads.values()].filter(
    ({ state, spec }) =>
      !isTerminal(state) && spec.namespace === namespace && spec.mounts.some(({ source }) => source === name),
  )

/** Whether the node is to run something that names the volume, or is where work has written what it is to put back. */
export const needsStore = (
  state: Pick<MeshState, 'workloads'>,
  volume: Pick<Volume, 'namespace' | 'name' | 'type' | 'access' | 'node'>,
  node: NodeId,
): boolean =>
  (isWrittenBack(volume) && volume.node === node) ||
  usersOf(state, volume).some(({ placement }) => placement?.node === node)

function create(step: Step, { namespace, name, volume }: CommandOf<'create-volume'>): Outcome {
  const { state, at, by } = step
  const key = volumeKey(namespace, name)
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (state.volumes.has(key)) return refused('VOLUME_EXISTS', { volume: key })
  if (state.volumes.size >= limits.volumes) return refused('RATE_LIMITED', { who: by })
  if (volume.node !== null && !state.members.has(volume.node)) return refused('NODE_NOT_FOUND', { node: volume.node })
  if (volume.s3 !== undefined && !state.secrets.has(inNamespace(namespace, volume.s3.secret)))
    return refused('SECRET_NOT_FOUND', { secret: inNamespace(namespace, volume.s3.secret) })
  const behind = behindVolume(volume)
  const forbidden = behind === null ? [] : mountFindings(state.policies.values(), namespace, behind)
  if (forbidden.length > 0) return refused('POLICY_DENIED', deniedBy(forbidden))
  state.volumes.set(key, { namespace, name, ...volume, createdAt: at, createdBy: by, snapshots: [] })
  emit(step, { type: 'volume.created', namespace, node: volume.node, message: `${by} made the volume ${key}` })
  return accepted()
}

/** All of it at once: until here nobody saw any of what it holds. */
function makeFilled(
  step: Step,
  { namespace, name, node, incarnation, made = {} }: CommandOf<'report-restore'>,
): Outcome {
  const own = { type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null, node, ...made } as const
  const outcome = create(step, { type: 'create-volume', namespace, name, volume: own })
  const key = volumeKey(namespace, name)
  const volume = step.state.volumes.get(key)
  if (outcome.ok && volume !== undefined) step.state.volumes.set(key, { ...volume, incarnation })
  return outcome
}

/** What it held until now is nobody's any more. Refused where somebody has been faster, or may be writing. */
function refill(step: Step, { namespace, name, node, incarnation, instead }: CommandOf<'report-restore'>): Outcome {
  const { state, by } = step
  const key = volumeKey(namespace, name)
  const volume = state.volumes.get(key)
  if (volume === undefined) return refused('VOLUME_NOT_FOUND', { volume: key })
  if (volume.type !== 'local' || (volume.node ?? node) !== node || (volume.incarnation ?? null) !== instead)
    return refused('INVALID_REQUEST', { problem: `${key} is not what it was when this began` })
  const busy = busyObstacle(state, volume)
  if (busy !== null) return busy
  state.volumes.set(key, { ...volume, node, incarnation })
  emit(step, { type: 'volume.restored', namespace, node, message: `${by} had the data of ${key} replaced` })
  return accepted()
}

function busyObstacle(state: State, volume: Volume): Outcome | null {
  const users = usersOf(state, volume)
  const words = users.slice(0, 3).map((user) => user.name)
  if (users.length === 0) return null
  return refused('VOLUME_BUSY', {
    volume: volumeKey(volume.namespace, volume.name),
    users: [...words, ...(users.length > 3 ? ['others'] : [])].join(', '),
  })
}

function remove(step: Step, { namespace, name }: CommandOf<'remove-volume'>): Outcome {
  const { state, by } = step
  const key = volumeKey(namespace, name)
  const volume = state.volumes.get(key)
  if (volume === undefined) return refused('VOLUME_NOT_FOUND', { volume: key })
  const busy = busyObstacle(state, volume)
  if (busy !== null) return busy
  state.volumes.delete(key)
  emit(step, { type: 'volume.removed', namespace, node: volume.node, message: `${by} removed the volume ${key}` })
  return accepted()
}

function noteSnapshot(step: Step, { namespace, name, node, snapshot }: CommandOf<'report-snapshot'>): Outcome {
  const { state, at, by } = step
  const key = volumeKey(namespace, name)
  const volume = state.volumes.get(key)
  if (volume === undefined) return refused('VOLUME_NOT_FOUND', { volume: key })
  if (volume.snapshots.length >= limits.volumeSnapshots)
    return refused('INVALID_REQUEST', { problem: `${key} has ${limits.volumeSnapshots} snapshots: remove one first` })
  const snapshots = [...volume.snapshots, { ...snapshot, at, by, node }]
  state.volumes.set(key, { ...volume, snapshots })
  emit(step, { type: 'volume.snapshot', namespace, node, message: `${key} was copied as ${snapshot.id}` })
  return accepted()
}

function forgetSnapshot(step: Step, { namespace, name, snapshot }: CommandOf<'remove-snapshot'>): Outcome {
  const { state } = step
  const key = volumeKey(namespace, name)
  const volume = state.volumes.get(key)
  if (volume === undefined) return refused('VOLUME_NOT_FOUND', { volume: key })
  const snapshots = volume.snapshots.filter(({ id }) => id !== snapshot)
  if (snapshots.length === volume.snapshots.length) return refused('SNAPSHOT_NOT_FOUND', { snapshot, volume: key })
  state.volumes.set(key, { ...volume, snapshots })
  return accepted()
}
