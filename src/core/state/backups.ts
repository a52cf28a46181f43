/** Backups: which there are, which are being made and where, and the moments at which more of them are. */
import { expired } from '../backup/retention.ts'
import type { Backup, BackupSchedule, BackupSelection, BackupTarget } from '../../model/backup.ts'
import { keySecret, mostVolumes, scheduleKey } from '../../model/backup.ts'
import type { NodeId } from '../../model/ids.ts'
import { inNamespace } from '../../model/secret.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import type { BackupCommand } from './backup-commands.ts'
import { knownKeyOf, mayBeFoundAgain, versionFor } from './known-backups.ts'
import { namespaceOf } from './namespaces.ts'
import { roomObstacle } from './room.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { Command, CommandOf, MeshState, Outcome } from './types.ts'

const types: readonly string[] = [
  ...(['create-backup', 'import-backup', 'report-backup', 'delete-backup', 'report-backup-gone'] as const),
  ...(['create-backup-schedule', 'suspend-backup-schedule', 'delete-backup-schedule', 'fire-backup'] as const),
] satisfies BackupCommand['type'][]

export const isOnBackup = (command: Command): command is BackupCommand => types.includes(command.type)

export function carryOutOnBackup(step: Step, command: BackupCommand): Outcome {
  switch (command.type) {
    case 'create-backup':
      return create(step, { ...command, id: command.backup, schedule: null, by: step.by })
    case 'import-backup':
      return importFound(step, command)
    case 'report-backup':
      return report(step, command)
    case 'delete-backup':
      return remove(step, command)
    case 'report-backup-gone':
      return forget(step, command)
    case 'create-backup-schedule':
      return createSchedule(step, command)
    case 'suspend-backup-schedule':
      return suspend(step, command)
    case 'delete-backup-schedule':
      return deleteSchedule(step, command)
    case 'fire-backup':
      return fire(step, command)
  }
}

/** Volumes of the namespace that are meant, and have something in them that can be copied; in the order of their names. */
export function selected(
  { volumes }: Pick<MeshState, 'volumes'>,
  namespace: string,
  selection: BackupSelection,
): readonly Volume[] {
  if (selection.scope === 'mesh') return []
  const { names, labels } = selection
  const isMeant = (volume: Volume): boolean =>
    volume.namespace === namespace &&
    (names.length === 0 || names.includes(volume.name)) &&
    Object.entries(labels).every(([key, value]) => volume.labels?.[key] === value) &&
    hasContent(volume)
  return [...volumes.values()].filter(isMeant).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** A volume that no work has used yet holds nothing, memory is gone with its last user, and what a store of objects holds is kept there. */
const hasContent = ({ type, node }: Volume): boolean =>
  type !== 'tmpfs' && type !== 's3' && (type !== 'local' || node !== null)

interface Making {
  readonly id: string
  readonly namespace: string
  readonly selection: BackupSelection
  readonly target: BackupTarget
  readonly schedule: string | null
  readonly by: string
}

function create(step: Step, { id, namespace, selection, target, schedule, by }: Making): Outcome {
  const { state, at } = step
  const volumes = selected(state, namespace, selection)
  const obstacle =
    countObstacle(state, { id, namespace, scope: selection.scope, by }) ??
    askedObstacle(state, { namespace, selection, target }) ??
    volumesObstacle(state, namespace, selection, volumes)
  if (obstacle !== null) return obstacle
  const key = selection.scope === 'mesh' ? null : state.secrets.get(inNamespace(namespace, keySecret))
  if (key === undefined) return refused('SECRET_NOT_FOUND', { secret: inNamespace(namespace, keySecret) })
  put(step, {
    ...{ id, namespace, scope: selection.scope, volumes: volumes.map(({ name }) => name), target, schedule },
    ...{ state: 'running', key: key === null ? null : { secret: keySecret, version: key.current } },
    ...{ createdAt: at, createdBy: by, endedAt: null, reason: null, files: [], manifest: null },
  })
  return accepted()
}

/** What is in it its node says once it has read it. */
function importFound(step: Step, { backup: id, namespace, target, secret: name }: CommandOf<'import-backup'>): Outcome {
  const { state, at, by } = step
  const known = state.backups.get(id)
  const isAgain = known !== undefined && mayBeFoundAgain(state, known)
  const selection = { scope: 'volumes', names: [], labels: {} } as const
  const obstacle =
    (isAgain ? null : countObstacle(state, { id, namespace, scope: 'volumes', by })) ??
    askedObstacle(state, { namespace, selection, target })
  if (obstacle !== null) return obstacle
  if (isAgain && known.namespace !== namespace)
    return refused('INVALID_REQUEST', { problem: `the backup ${id} is one of another namespace` })
  const secret = state.secrets.get(inNamespace(namespace, name))
  if (secret === undefined) return refused('SECRET_NOT_FOUND', { secret: inNamespace(namespace, name) })
  const writtenWith = known === undefined ? null : knownKeyOf(known)
  put(step, {
    ...{ id, namespace, scope: 'volumes', volumes: [], target, schedule: null, state: 'running', imported: true },
    ...{ key: { secret: name, version: versionFor(secret, writtenWith) }, createdAt: at, createdBy: by },
    ...{ endedAt: null, reason: null, files: [], manifest: null, ...(writtenWith !== null && { writtenWith }) },
  })
  return accepted()
}

interface Counted extends Pick<Making, 'id' | 'namespace' | 'by'> {
  readonly scope: Backup['scope']
}

function countObstacle({ backups }: State, { id, namespace, scope, by }: Counted): Outcome | null {
  if (backups.has(id)) return refused('INVALID_REQUEST', { problem: `the id ${id} belongs to another backup` })
  if (backups.size >= limits.backups) return refused('RATE_LIMITED', { who: by })
  const own = [...backups.values()].filter((one) => one.namespace === namespace && one.scope === scope)
  if (own.length < limits.namespaceBackups) return null
  return refused('INVALID_REQUEST', { problem: `${namespace} has ${own.length} backups, the most there may be` })
}

function put({ state, changes }: Step, backup: Backup): void {
  state.backups.set(backup.id, backup)
  changes.push({ type: 'backup', backup: backup.id })
}

type Asked = Pick<Making, 'namespace' | 'selection' | 'target'>

function askedObstacle(state: State, { namespace, selection, target }: Asked): Outcome | null {
  if (namespaceOf(state, namespace) === null) return refused('NAMESPACE_NOT_FOUND', { namespace })
  if (!state.members.has(target.node)) return refused('NODE_NOT_FOUND', { node: target.node })
  const full = roomObstacle(state, namespace, { selection, target })
  if (full !== null || target.type !== 's3') return full
  const secret = inNamespace(namespace, target.secret)
  return state.secrets.has(secret) ? null : refused('SECRET_NOT_FOUND', { secret })
}

function volumesObstacle(
  state: State,
  namespace: string,
  selection: BackupSelection,
  volumes: readonly Volume[],
): Outcome | null {
  if (selection.scope === 'mesh') return null
  const missing = selection.names.find((name) => !state.volumes.has(volumeKey(namespace, name)))
  if (missing !== undefined) return refused('VOLUME_NOT_FOUND', { volume: volumeKey(namespace, missing) })
  if (volumes.length === 0) return refused('INVALID_REQUEST', { problem: 'none of these volumes holds anything yet' })
  if (volumes.length > mostVolumes)
    return refused('INVALID_REQUEST', { problem: `a backup is of at most ${mostVolumes} volumes` })
  return null
}

function report(step: Step, { backup: id, node, made }: CommandOf<'report-backup'>): Outcome {
  const { state, at } = step
  const backup = state.backups.get(id)
  if (backup?.target.node !== node) return refused('BACKUP_NOT_FOUND', { backup: id })
  if (backup.state !== 'running') return refused('BACKUP_UNUSABLE', { backup: id, state: backup.state })
  if (made.ok) {
    const { files, manifest } = made
    const found = backup.imported === true ? { volumes: files.flatMap(({ volume }) => volume ?? []) } : {}
    put(step, { ...backup, ...found, state: 'complete', endedAt: at, files, manifest })
    emit(step, { type: 'backup.complete', ...placeOf(backup), node, message: `the backup ${id} is there` })
  } else fail(step, backup, made.reason)
  if (backup.schedule !== null) tidy(step, backup.namespace, backup.schedule)
  return accepted()
}

/** Of an event about it: one of the mesh is of no namespace. */
const placeOf = ({ scope, namespace }: Pick<Backup, 'scope' | 'namespace'>): { readonly namespace?: string } =>
  scope === 'mesh' ? {} : { namespace }

function fail(step: Step, backup: Backup, reason: string): void {
  put(step, { ...backup, state: 'failed', endedAt: step.at, reason })
  const { id, target } = backup
  emit(step, {
    type: 'backup.failed',
    ...placeOf(backup),
    severity: 'error',
    node: target.node,
    message: `the backup ${id} failed: ${reason}`,
  })
}

/** Failed ones of a schedule that are kept, so that somebody sees why. */
const keptFailures = 3

/** What a schedule keeps no longer goes. That is decided with the one that takes its place, so there is never less than there was to be. */
function tidy(step: Step, namespace: string, name: string): void {
  const { state } = step
  const schedule = state.backupSchedules.get(scheduleKey({ namespace, name }))
  if (schedule === undefined) return
  const own = [...state.backups.values()].filter((one) => isOf(schedule, one))
  const failed = own.filter((one) => one.state === 'failed').toSorted((a, b) => b.createdAt - a.createdAt)
  const complete = own.filter((one) => one.state === 'complete')
  for (const id of [...expired(complete, schedule.keep), ...failed.slice(keptFailures).map((one) => one.id)]) {
    const backup = state.backups.get(id)
    if (backup !== undefined) leave(step, backup)
  }
}

/** Whether that schedule had it made. What another one of its name has left is nobody's to take away. */
export const isOf = ({ namespace, name, selection, createdAt }: BackupSchedule, backup: Backup): boolean =>
  backup.namespace === namespace &&
  backup.schedule === name &&
  backup.scope === selection.scope &&
  backup.createdAt >= createdAt

/** The node takes it away, or nobody can any more. */
function leave(step: Step, backup: Backup): void {
  if (step.state.members.has(backup.target.node)) put(step, { ...backup, state: 'deleting' })
  else drop(step, backup.id)
}

function drop({ state, changes }: Step, id: string): void {
  state.backups.delete(id)
  changes.push({ type: 'backup', backup: id })
}

function remove(step: Step, { backup: id }: CommandOf<'delete-backup'>): Outcome {
  const backup = step.state.backups.get(id)
  if (backup === undefined) return refused('BACKUP_NOT_FOUND', { backup: id })
  if (backup.state === 'deleting') return accepted()
  leave(step, backup)
  emit(step, {
    type: 'backup.deleted',
    ...placeOf(backup),
    node: backup.target.node,
    message: `the backup ${id} was deleted by ${step.by}`,
  })
  return accepted()
}

function forget(step: Step, { backup: id, node }: CommandOf<'report-backup-gone'>): Outcome {
  const backup = step.state.backups.get(id)
  if (backup?.target.node !== node || backup.state !== 'deleting') return refused('BACKUP_NOT_FOUND', { backup: id })
  drop(step, id)
  return accepted()
}

/** A node that is no member any more makes none, and takes none away. */
export function loseBackups(step: Step, node: NodeId): void {
  for (const backup of step.state.backups.values()) {
    if (backup.target.node !== node) continue
    if (backup.state === 'running') fail(step, backup, 'the node that was to make it was removed')
    else if (backup.state === 'deleting') drop(step, backup.id)
  }
}

function createSchedule(step: Step, command: CommandOf<'create-backup-schedule'>): Outcome {
  const { state, at, by } = step
  const { namespace, name, timing, selection, target, keep } = command
  const key = scheduleKey({ namespace, name })
  if (state.backupSchedules.has(key)) return refused('BACKUP_SCHEDULE_EXISTS', { schedule: key })
  if (state.backupSchedules.size >= limits.backupSchedules) return refused('RATE_LIMITED', { who: by })
  const obstacle = scheduleObstacle(state, command) ?? askedObstacle(state, { namespace, selection, target })
  if (obstacle !== null) return obstacle
  state.backupSchedules.set(key, {
    ...{ ...timing, namespace, name, selection, target, keep, suspended: false, last: at },
    ...{ fired: 0, missedCount: 0, skipped: 0, refusal: null, createdAt: at, createdBy: by },
  })
  emit(step, {
    type: 'backup.scheduled',
    ...placeOf({ scope: selection.scope, namespace }),
    message: `${by} has backups made by the schedule ${key}: ${timing.schedule}`,
  })
  return accepted()
}

/** One namespace leaves room for the others, and a schedule has room for what it keeps. */
function scheduleObstacle(
  state: State,
  { namespace, selection, keep }: CommandOf<'create-backup-schedule'>,
): Outcome | null {
  const own = [...state.backupSchedules.values()].filter(
    (one) => one.namespace === namespace && one.selection.scope === selection.scope,
  )
  if (own.length >= limits.namespaceBackupSchedules)
    return refused('INVALID_REQUEST', { problem: `${namespace} has ${own.length} schedules, the most there may be` })
  const kept = Object.values(keep).reduce((sum, count) => sum + count, 0)
  if (kept < limits.namespaceBackups) return null
  return refused('INVALID_REQUEST', {
    problem: `it would keep ${kept} backups, and a namespace has at most ${limits.namespaceBackups}`,
  })
}

/** What would have been done meanwhile is neither done nor missed. */
function suspend(step: Step, { suspended, ...named }: CommandOf<'suspend-backup-schedule'>): Outcome {
  const key = scheduleKey(named)
  const schedule = step.state.backupSchedules.get(key)
  if (schedule === undefined) return refused('BACKUP_SCHEDULE_NOT_FOUND', { schedule: key })
  if (schedule.suspended === suspended) return accepted()
  const last = suspended ? schedule.last : Math.max(schedule.last, step.at)
  step.state.backupSchedules.set(key, { ...schedule, suspended, last })
  return accepted()
}

function deleteSchedule({ state }: Step, named: CommandOf<'delete-backup-schedule'>): Outcome {
  const key = scheduleKey(named)
  return state.backupSchedules.delete(key) ? accepted() : refused('BACKUP_SCHEDULE_NOT_FOUND', { schedule: key })
}

/** A moment that is not after the last is one that somebody has dealt with. */
function fire(step: Step, { at, backup: id, missed, ...named }: CommandOf<'fire-backup'>): Outcome {
  const { state } = step
  const key = scheduleKey(named)
  const schedule = state.backupSchedules.get(key)
  if (schedule === undefined) return refused('BACKUP_SCHEDULE_NOT_FOUND', { schedule: key })
  if (schedule.suspended || at <= schedule.last)
    return refused('CRON_BUSY', {
      name: schedule.name,
      reason: schedule.suspended ? 'it is suspended' : 'that moment has been dealt with',
    })
  const dealtWith = { ...schedule, last: at, missedCount: schedule.missedCount + missed }
  state.backupSchedules.set(key, id === undefined ? dealtWith : { ...dealtWith, ...make(step, schedule, id) })
  return accepted()
}

function make(step: Step, schedule: BackupSchedule, id: string): Partial<BackupSchedule> {
  const { namespace, name, selection, target, fired, skipped, createdBy: by } = schedule
  const isRunning = [...step.state.backups.values()].some((one) => one.state === 'running' && isOf(schedule, one))
  if (isRunning) return { skipped: skipped + 1, refusal: 'the one before was still being made' }
  const outcome = create(step, { id, namespace, selection, target, schedule: name, by })
  if (outcome.ok) return { fired: fired + 1, refusal: null }
  const { message } = outcome.failure
  emit(step, {
    type: 'backup.refused',
    ...placeOf({ scope: selection.scope, namespace }),
    severity: 'error',
    message: `${namespace}/${name} could make no backup: ${message}`,
  })
  return { skipped: skipped + 1, refusal: message }
}
