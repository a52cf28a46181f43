/** The files of one backup: what goes into them, what is read out of them, and whether they are what was written. */
import { z } from 'zod'
import { counted, passing, Tally } from '../../lib/passing.ts'
import { backupId, mostVolumes } from '../../model/backup.ts'
import { volumeName } from '../../model/volume.ts'
import { ClawError } from '../../model/failure.ts'
import type { Backup, BackupFile } from '../../model/backup.ts'
import type { BackupStore, ContentCipher } from '../../ports/backups.ts'
import type { Copied } from '../../ports/volumes.ts'

export const manifestName = 'manifest.json'
const manifestFormat = 'clawbernetes-backup-set'
const manifestVersion = 1

export interface Sealing {
  readonly cipher: ContentCipher
  readonly store: BackupStore
  /** Null for what is kept as it is. */
  readonly secret: Uint8Array | null
}

type OnBytes = (bytes: number) => void

/** Names of volumes hold no dot. */
const nameOf = (volume: string | null): string => (volume === null ? 'mesh.claw' : `${volume}.tar.sealed`)

const boundTo = ({ id }: Pick<Backup, 'id'>, file: string): string => `${id}/${file}`

interface Part {
  /** Null for the state of the mesh. */
  readonly volume: string | null
  readonly content: AsyncIterable<Uint8Array>
}

export async function writeFile(
  backup: Backup,
  { volume, content }: Part,
  { cipher, store, secret }: Sealing,
  { onBytes, signal }: { readonly onBytes: OnBytes; readonly signal: AbortSignal },
): Promise<BackupFile> {
  const name = nameOf(volume)
  let bytes = 0
  const plain = counted(content, (sofar) => onBytes((bytes = sofar)))
  const kept = secret === null ? plain : cipher.seal(plain, secret, boundTo(backup, name))
  const { bytes: stored, sha256 } = await store.write(backup.id, name, kept, signal)
  return { name, volume, bytes, stored, sha256 }
}

/** Goes last: what is in the backup, for who finds it without the mesh that it is of. */
export function writeManifest(
  backup: Backup,
  files: readonly BackupFile[],
  store: BackupStore,
  signal: AbortSignal,
): Promise<Copied> {
  const { id, namespace, scope, key, createdAt, createdBy } = backup
  const what = { format: manifestFormat, version: manifestVersion, id, namespace, scope, key }
  const whole = { ...what, takenAt: new Date(createdAt).toISOString(), createdBy, files }
  return store.write(id, manifestName, once(Buffer.from(`${JSON.stringify(whole, null, 2)}\n`)), signal)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

/** What was written, as it was before it was made unreadable. Throws BACKUP_DAMAGED, at the latest at the end. */
export async function* readFile(
  backup: Backup,
  file: BackupFile,
  { cipher, store, secret }: Sealing,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const what = { backup: backup.id, file: file.name }
  const tally = new Tally()
  const stored = passing(store.read(backup.id, file.name, signal), (chunk) => tally.add(chunk))
  yield* secret === null ? stored : cipher.open(stored, secret, boundTo(backup, file.name), what)
  if (tally.sum().sha256 !== file.sha256)
    throw new ClawError('BACKUP_DAMAGED', { ...what, detail: 'is not what was written' })
}

/** Every byte of every file, the manifest's too, opened as a restore would. What is wrong with each that is damaged; none when all are what was written. */
export async function damageOf(
  backup: Backup,
  { cipher, store, secret }: Sealing,
  { onBytes, signal }: { readonly onBytes: OnBytes; readonly signal: AbortSignal },
): Promise<readonly { readonly file: string; readonly detail: string }[]> {
  const { manifest } = backup
  const all = [...backup.files, ...(manifest === null ? [] : [{ name: manifestName, ...manifest }])]
  const damaged: { file: string; detail: string }[] = []
  let bytes = 0
  for (const { name, stored, sha256 } of all) {
    const tally = new Tally()
    const what = { backup: backup.id, file: name }
    const kept = passing(store.read(backup.id, name, signal), (chunk) => {
      tally.add(chunk)
      onBytes((bytes += chunk.length))
      if (tally.bytes > stored)
        throw new ClawError('BACKUP_DAMAGED', { ...what, detail: `has more than ${stored} bytes` })
    })
    const isPlain = secret === null || name === manifestName
    try {
      await drain(isPlain ? kept : cipher.open(kept, secret, boundTo(backup, name), what))
      const found = tally.sum()
      if (found.bytes !== stored) damaged.push({ file: name, detail: `has ${found.bytes} bytes instead of ${stored}` })
      else if (found.sha256 !== sha256) damaged.push({ file: name, detail: 'is not what was written' })
    } catch (error) {
      if (!ClawError.is(error, 'BACKUP_DAMAGED')) throw error
      damaged.push({ file: name, detail: error.facts.detail })
    }
  }
  return damaged
}

const stored = { stored: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }
const Manifest = z.object({
  ...{ format: z.literal(manifestFormat), version: z.literal(manifestVersion), scope: z.literal('volumes') },
  id: backupId,
  files: z
    .array(z.strictObject({ name: z.string(), volume: volumeName, bytes: z.int().nonnegative(), ...stored }))
    .min(1)
    .max(mostVolumes),
})
/** Of as many volumes as there may be, with names of the longest kind. */
const mostManifestBytes = 1_048_576

/** What is in one that somebody has made before, as it says itself. Throws BACKUP_DAMAGED for what says nothing of that kind. */
export async function readManifest(
  { id }: Pick<Backup, 'id'>,
  store: Pick<BackupStore, 'read'>,
  signal: AbortSignal,
): Promise<{ readonly files: readonly BackupFile[]; readonly manifest: NonNullable<Backup['manifest']> }> {
  const damaged = (detail: string, cause?: unknown): ClawError =>
    new ClawError('BACKUP_DAMAGED', { backup: id, file: manifestName, detail }, { cause })
  const tally = new Tally()
  const parts: Uint8Array[] = []
  for await (const chunk of store.read(id, manifestName, signal)) {
    tally.add(chunk)
    if (tally.bytes > mostManifestBytes) throw damaged('is larger than any')
    parts.push(Uint8Array.from(chunk))
  }
  const { bytes, sha256 } = tally.sum()
  try {
    const found = Manifest.parse(JSON.parse(Buffer.concat(parts).toString('utf8')))
    const isOwn = found.files.every(({ name, volume }) => name === nameOf(volume))
    const names = new Set(found.files.map(({ name }) => name))
    if (found.id !== id || !isOwn || names.size < found.files.length) throw new SyntaxError('it is of another backup')
    return { files: found.files, manifest: { stored: bytes, sha256 } }
  } catch (cause) {
    throw damaged('does not say what is in a backup of volumes with this id', cause)
  }
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  const parts = content[Symbol.asyncIterator]()
  while ((await parts.next()).done !== true);
}
