/** What backups are for: whether they are whole, and the way back. */
import { counted } from '../../lib/passing.ts'
import { z } from 'zod'
import type { Backup, BackupFile } from '../../model/backup.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import { volumeKey, volumeName } from '../../model/volume.ts'
import type { OperationContext } from '../context.ts'
import { nodeRef } from '../fields.ts'
import { findNode, refresh } from '../find.ts'
import type { Call } from '../operation.ts'
import { stream } from '../operation.ts'
import { Told } from '../told.ts'
import { refill } from '../volume/refill.ts'
import { backupRef, findWhole, keeperOf, ofBackup } from './backup-fields.ts'

/** Bytes in one item: with base64 around them they stay far below the largest message. */
const partBytes = 192 * 1_024

const one = {
  backup: backupRef,
  volume: volumeName.optional().describe('Which of its volumes; may be left out where it is the only one'),
}

export const backupVerify = stream({
  name: 'backup.verify',
  about:
    'Read every byte of a backup, open it as a restore would, and compare it with the checksums that the mesh has kept. Names what is damaged.',
  input: z.strictObject({ backup: backupRef }),
  output: z.object({
    isDone: z.boolean(),
    bytes: z.int().describe('Read so far'),
    files: z.int(),
    damaged: z.array(z.object({ file: z.string(), detail: z.string() })),
  }),
  permission: { verb: 'read', resource: 'backup' },
  namespace: ofBackup,
  rest: { method: 'POST', path: '/api/backups/:backup/verify' },
  where: keeperOf,
  async *handler({ backup: id }, context, { signal }) {
    await refresh(context, signal)
    const backup = findWhole(context, id)
    const files = backup.files.length
    const told = new Told()
    let last = 0
    const note = (bytes: number): void => told.note((last = bytes))
    const checking = context.backups.verify(backup, note, signal).finally(() => told.end())
    checking.catch(() => 'looked at below')
    for await (const bytes of told) yield { isDone: false, bytes, files, damaged: [] }
    yield { isDone: true, bytes: last, files, damaged: [...(await checking)] }
  },
})

export const backupRead = stream({
  name: 'backup.read',
  about:
    'Read what is in a backup: the state of the mesh as `mesh restore` takes it, or a volume as a tar archive. The parts put together are the file, if there is no error.',
  input: z.strictObject(one),
  output: z.object({ data: z.string().describe('Base64 of the next part of the file') }),
  permission: { verb: 'read', resource: 'backup' },
  namespace: ofBackup,
  rest: { method: 'GET', path: '/api/backups/:backup/content' },
  where: keeperOf,
  async *handler({ backup: id, volume }, context, { signal }) {
    await refresh(context, signal)
    const backup = findWhole(context, id)
    for await (const chunk of context.backups.read(backup, fileOf(backup, volume), signal))
      for (let at = 0; at < chunk.length; at += partBytes)
        yield { data: Buffer.from(chunk.subarray(at, at + partBytes)).toString('base64') }
  },
})

export const backupRestore = stream({
  name: 'backup.restore',
  about:
    'Put a volume back from a backup: all at once, into a new volume, or in the place of what one holds that nothing uses. It is checked on the way.',
  input: z.strictObject({
    ...one,
    to: volumeName.optional().describe('Name of the volume that gets it; the same as it was when left out'),
    replace: z.boolean().default(false).describe('Also when there is one of that name: what it holds is gone then'),
    node: nodeRef.optional().describe('Where a new volume has its data; where the backup is when left out'),
  }),
  output: z.object({
    isDone: z.boolean(),
    bytes: z.int().describe('Put back so far'),
    of: z.int(),
    volume: z.string(),
    node: z.string(),
  }),
  permission: { verb: 'read', resource: 'backup' },
  namespace: ofBackup,
  needs: ({ replace }) => [{ verb: replace ? 'change' : 'create', resource: 'volume' }],
  rest: { method: 'POST', path: '/api/backups/:backup/restore' },
  where: (input, context) => homeOf(input, context),
  async *handler({ backup: id, volume: wanted, to, replace }, context, call) {
    const { signal } = call
    await refresh(context, signal)
    const backup = findWhole(context, id)
    const file = fileOf(backup, wanted)
    const volume = goalOf(backup, file, { context, to, replace })
    const told = new Told()
    const archive = counted(contentOf(backup, file, { context, call }), (bytes) => told.note(bytes))
    const isNew = !context.control.state.volumes.has(volumeKey(volume.namespace, volume.name))
    const filling = refill(volume, archive, { context, ...call, ...(isNew && { isNew: true }) }).finally(() =>
      told.end(),
    )
    filling.catch(() => 'looked at below')
    const facts = { of: file.bytes, volume: volume.name, node: context.self }
    for await (const bytes of told) yield { isDone: false, bytes, ...facts }
    await filling
    yield { isDone: true, bytes: file.bytes, ...facts }
  },
})

interface Asked {
  readonly backup: string
  readonly volume?: string | undefined
  readonly to?: string | undefined
  readonly node?: string | undefined
}

/** Of the volume that gets it. What is wrong with the request is for the handler to say. */
function homeOf({ backup: id, volume, to, node }: Asked, { control, self }: OperationContext): NodeId {
  const backup = control.state.backups.get(id)
  if (backup === undefined) return self
  const name = to ?? volume ?? backup.volumes[0] ?? ''
  const there = control.state.volumes.get(volumeKey(backup.namespace, name))
  if (there !== undefined) return there.node ?? self
  return node === undefined ? backup.target.node : findNode(control.state, node)
}

/** Throws VOLUME_NOT_FOUND, and INVALID_REQUEST where it has to be said which. */
function fileOf({ id, scope, files, namespace }: Backup, wanted: string | undefined): BackupFile {
  const [first, ...others] = files
  if (wanted === undefined && others.length > 0) {
    const names = files.map(({ volume }) => volume ?? '').slice(0, 8)
    throw new ClawError('INVALID_REQUEST', { problem: `say which volume of ${id}: ${names.join(', ')}` })
  }
  const found = wanted === undefined ? first : files.find(({ volume }) => volume === wanted)
  if (found !== undefined) return found
  throw scope === 'mesh'
    ? new ClawError('INVALID_REQUEST', { problem: `${id} is of the state of the mesh, and has no volumes` })
    : new ClawError('VOLUME_NOT_FOUND', { volume: `${volumeKey(namespace, wanted ?? '')} in ${id}` })
}

interface Wanted {
  readonly context: OperationContext
  readonly to: string | undefined
  readonly replace: boolean
}

/** The volume that gets it. Throws VOLUME_EXISTS and INVALID_REQUEST. */
function goalOf(backup: Backup, file: BackupFile, { context, to, replace }: Wanted): Volume {
  const { namespace, id } = backup
  if (file.volume === null)
    throw new ClawError('INVALID_REQUEST', {
      problem: `${id} is of the state of the mesh: fetch it with \`backup fetch\`, and give it to \`mesh restore\``,
    })
  const name = to ?? file.volume
  const key = volumeKey(namespace, name)
  const there = context.control.state.volumes.get(key)
  if (there === undefined)
    return {
      ...{ namespace, name, type: 'local', access: 'RWO', hostPath: null, nfs: null, sizeMib: null },
      ...{ node: context.self, createdAt: 0, createdBy: '', snapshots: [] },
    }
  if (!replace) throw new ClawError('VOLUME_EXISTS', { volume: key })
  if (there.type !== 'local')
    throw new ClawError('INVALID_REQUEST', {
      problem: `${key} is a directory, which cannot be replaced all at once: restore to a new volume, and copy from there`,
    })
  return there
}

/** From here, or from the node that keeps it, which has the key. */
async function* contentOf(
  backup: Backup,
  file: BackupFile,
  { context, call }: { readonly context: OperationContext; readonly call: Call },
): AsyncGenerator<Uint8Array> {
  const { signal } = call
  if (backup.target.node === context.self) {
    yield* context.backups.read(backup, file, signal)
    return
  }
  const input = { backup: backup.id, volume: file.volume }
  for await (const item of call.open('backup.read', input, signal))
    yield Buffer.from((item as { readonly data: string }).data, 'base64')
}
