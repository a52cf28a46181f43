/** Backups: made, listed, looked at, and taken away. */
import { z } from 'zod'
import type { Backup } from '../../model/backup.ts'
import { backupApplicant, backupId, keySecret } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import { namespaceName } from '../../model/namespace.ts'
import { inNamespace, secretName } from '../../model/secret.ts'
import { carryOut, changePatience } from '../carry-out.ts'
import { within, withDeadline } from '../deadline.ts'
import type { OperationContext } from '../context.ts'
import { findNode, refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { stream, unary } from '../operation.ts'
import { randomWord } from '../workload/workload-request.ts'
import {
  askedFields,
  backupRef,
  BackupView,
  backupView,
  findBackup,
  keeperOf,
  neededFor,
  ofAsked,
  ofBackup,
  placeOf,
  selectionOf,
  targetOf,
  isShown,
} from './backup-fields.ts'

const BackupProgress = z.object({
  bytes: z.int().describe('Copied so far'),
  file: z.int().describe('Which of its files is being written, from 1'),
  files: z.int(),
})

const Attended = BackupProgress.extend({
  isDone: z.boolean(),
  id: z.string(),
  backup: BackupView.nullable().describe('At the end'),
})

type Asker = Pick<Call, 'caller' | 'signal'> & { readonly context: OperationContext }

export const backupCreate = stream({
  name: 'backup.create',
  about:
    'Copy volumes, or the state of the mesh, to a directory of a node or a store of objects, encrypted. Given up when nobody waits any more, unless told to go on.',
  input: z.strictObject({
    ...askedFields,
    detach: z.boolean().default(false).describe('Do not wait for it; it is made all the same'),
  }),
  output: Attended,
  permission: { verb: 'create', resource: 'backup' },
  namespace: ofAsked,
  needs: neededFor,
  rest: { method: 'POST', path: '/api/backups' },
  async *handler(asked, context, call) {
    const { caller, signal } = call
    await refresh(context, signal)
    const { namespace } = asked
    const selection = selectionOf(asked)
    const target = targetOf(asked, context)
    if (selection.scope === 'volumes') await requireKey(namespace, { context, caller, signal })
    const id = `bak-${randomWord(context.random, 10)}`
    await carryOut(
      'backup',
      { type: 'create-backup', backup: id, namespace, selection, target },
      { context, caller, signal },
    )
    yield* attended(id, asked.detach, { context, call })
  },
})

/** Until its node is done with it. Given up when nobody waits any more, unless it is to go on. */
async function* attended(
  id: string,
  detach: boolean,
  { context, call }: { readonly context: OperationContext; readonly call: Call },
): AsyncGenerator<z.output<typeof Attended>> {
  const { caller, signal } = call
  if (detach) {
    yield { isDone: true, id, bytes: 0, file: 0, files: 0, backup: backupView(findBackup(context, id), context) }
    return
  }
  let isOver = false
  try {
    for await (const progress of progressOf(id, { context, call }))
      yield { isDone: false, id, ...progress, backup: null }
    await within(context.clock, changePatience, signal, (limited) => context.control.fresh('linearizable', limited))
    isOver = true
    const made = madeOf(findBackup(context, id))
    const { length } = made.files
    yield { isDone: true, id, bytes: 0, file: length, files: length, backup: backupView(made, context) }
  } finally {
    if (!isOver) await giveUp(id, { context, caller })
  }
}

export const backupImport = stream({
  name: 'backup.import',
  about:
    'Take in a backup of volumes that is there already, as another mesh, or this one before it was lost, has made it: every byte is read and opened first.',
  input: z.strictObject({
    backup: backupId.describe('Its id, which is the name of its folder'),
    namespace: askedFields.namespace.describe('Whose it is to be'),
    directory: askedFields.directory.describe('Where it is: a directory of the node, with its folder in it'),
    s3: askedFields.s3.describe('Where it is: a store of objects'),
    node: askedFields.node.describe('The node that reads it; the one that is asked when left out'),
    secret: secretName.default(keySecret).describe('Secret of the namespace that holds what it is encrypted with'),
    detach: z.boolean().default(false).describe('Do not wait for it; it is read all the same'),
  }),
  output: Attended,
  permission: { verb: 'create', resource: 'backup' },
  namespace: ({ namespace }) => namespace,
  needs: neededFor,
  rest: { method: 'POST', path: '/api/backups/:backup/import' },
  async *handler({ backup, namespace, secret, detach, ...where }, context, call) {
    const { caller, signal } = call
    await refresh(context, signal)
    const node = where.node === undefined ? context.self : findNode(context.control.state, where.node)
    const target = placeOf(where, node)
    const command = { type: 'import-backup', backup, namespace, target, secret } as const
    await carryOut('backup', command, { context, caller, signal })
    yield* attended(backup, detach, { context, call })
  },
})

export const backupFollow = stream({
  name: 'backup.follow',
  about: 'Say how far a backup is that is being made, until it is made or given up.',
  input: z.strictObject({ backup: backupRef }),
  output: BackupProgress,
  permission: { verb: 'read', resource: 'backup' },
  namespace: ofBackup,
  rest: { method: 'GET', path: '/api/backups/:backup/progress' },
  where: keeperOf,
  async *handler({ backup }, context, { signal }) {
    await refresh(context, signal)
    yield* context.backups.follow(findBackup(context, backup).id, signal)
  },
})

/** At the node that makes it, which need not be trusted to have anything decided. */
async function* progressOf(
  id: string,
  { context, call }: { readonly context: OperationContext; readonly call: Call },
): AsyncGenerator<z.output<typeof BackupProgress>> {
  const { signal } = call
  if (findBackup(context, id).target.node === context.self) yield* context.backups.follow(id, signal)
  else for await (const item of call.open('backup.follow', { backup: id }, signal)) yield BackupProgress.parse(item)
}

/** Throws BACKUP_FAILED. */
function madeOf(backup: Backup): Backup {
  if (backup.state === 'failed')
    throw new ClawError('BACKUP_FAILED', { backup: backup.id, reason: backup.reason ?? 'nobody knows why' })
  return backup
}

/** Nobody waits for it any more, so nothing of it stays; if the mesh takes that in time. Otherwise it is made, and is listed as one that is. */
async function giveUp(id: string, { context, caller }: Omit<Asker, 'signal'>): Promise<void> {
  const backup = context.control.state.backups.get(id)
  if (backup?.state !== 'running') return
  // One that was there before may be taken in, and given up, more than once.
  const key = `give-up:${id}:${backup.createdAt}`
  // Whoever asked has called off all that has that signal.
  const { signal } = new AbortController()
  await withDeadline(context.clock, { span: changePatience, what: 'giving up the backup' }, signal, (limits) =>
    carryOut('backup', { type: 'delete-backup', backup: id }, { context, caller, key, ...limits }),
  )
}

/** What backups of the namespace are encrypted with. No work may have it: only they. */
export async function requireKey(namespace: string, { context, caller, signal }: Asker): Promise<void> {
  const { control, random, vault } = context
  if (control.state.secrets.has(inNamespace(namespace, keySecret))) return
  const value = Buffer.from(Buffer.from(random.bytes(32)).toString('hex'))
  const sealed = vault.seal({ namespace, of: { secret: keySecret, version: 1 } }, value)
  const policy = { allowWorkloads: [backupApplicant], allowLabels: {}, denyWorkloads: [] }
  const command = {
    ...{
      type: 'create-secret' as const,
      namespace,
      name: keySecret,
      sealed,
      how: 'generated' as const,
      policy,
      rotation: null,
    },
  }
  try {
    await carryOut('secret', command, { context, caller, signal })
  } catch (error) {
    // Somebody was faster.
    if (!ClawError.is(error, 'SECRET_EXISTS')) throw error
  }
}

export const backupList = unary({
  name: 'backup.list',
  about: 'List the backups, newest first.',
  input: z.strictObject({
    namespace: namespaceName.optional().describe('Only of this namespace'),
    schedule: z.string().max(63).optional().describe('Only those that this schedule had made'),
  }),
  output: z.array(BackupView),
  permission: { verb: 'read', resource: 'backup' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/backups' },
  async handler({ namespace, schedule }, context, call) {
    await refresh(context, call.signal)
    const isMeant = (one: Backup): boolean =>
      isShown(one, call) &&
      (namespace === undefined || one.namespace === namespace) &&
      (schedule === undefined || one.schedule === schedule)
    return [...context.control.state.backups.values()]
      .filter(isMeant)
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .map((one) => backupView(one, context))
  },
})

export const backupInfo = unary({
  name: 'backup.info',
  about: 'Show one backup: what is in it, and the checksum of each of its files.',
  input: z.strictObject({ backup: backupRef }),
  output: BackupView,
  permission: { verb: 'read', resource: 'backup' },
  namespace: ofBackup,
  rest: { method: 'GET', path: '/api/backups/:backup' },
  async handler({ backup }, context, { signal }) {
    await refresh(context, signal)
    return backupView(findBackup(context, backup), context)
  },
})

export const backupDelete = unary({
  name: 'backup.delete',
  about: 'Take a backup away, or give up making it. Its node does so when it can.',
  input: z.strictObject({ backup: backupRef }),
  output: z.object({ id: z.string(), deleted: z.boolean().describe('Whether nothing of it is left already') }),
  permission: { verb: 'remove', resource: 'backup' },
  namespace: ofBackup,
  rest: { method: 'DELETE', path: '/api/backups/:backup' },
  async handler({ backup }, context, { caller, signal }) {
    await refresh(context, signal)
    await carryOut('backup', { type: 'delete-backup', backup }, { context, caller, signal })
    return { id: backup, deleted: !context.control.state.backups.has(backup) }
  },
})
