/**
 * A backup: the state of a mesh as a file. One line of JSON says what it is, the rest is the state as consensus keeps it, without what
 * lets anybody in: join tokens and sealed keys stay with the mesh that they are of.
 */
import { z } from 'zod'
import { sha256 } from '../../lib/sha256.ts'
import type { Slices } from '../../lib/slices.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant } from '../../model/time.ts'
import { restore } from './restore.ts'
import { snapshotInSlices } from './snapshot.ts'
import type { State } from './state.ts'

const Header = z.strictObject({
  format: z.literal('clawbernetes-backup'),
  version: z.literal(1),
  mesh: z.string(),
  name: z.string(),
  index: z.int().min(0),
  takenAt: z.string(),
  software: z.string(),
  nodes: z.int().min(0),
  workloads: z.int().min(0),
  size: z.int().min(0),
  sha256: z.string(),
})
/** What the first line says. `index` is the log index up to which everything is in it. */
export type BackupHeader = z.infer<typeof Header>

export interface Backup {
  readonly header: BackupHeader
  readonly state: State
}

/** Longest first line. */
const longestHeader = 4_096
const newline = 0x0a

interface Taken {
  readonly at: Instant
  readonly software: string
}

/** Of the state as it is at the first slice. Throws NO_LEADER for a mesh that has not been founded yet. */
export function* backupSlices(state: State, taken: Taken): Slices<void, Uint8Array> {
  const { mesh, index } = state
  const [nodes, workloads] = [state.members.size, state.workloads.size]
  if (mesh === null) throw new ClawError('NO_LEADER', { detail: 'the mesh is still being founded' })
  const body = yield* snapshotInSlices({ ...state, tokens: new Map(), sealedKeys: new Map(), vault: null })
  const header: Omit<BackupHeader, 'sha256'> = {
    format: 'clawbernetes-backup',
    version: 1,
    ...{ mesh: mesh.id, name: mesh.genesis.name, index },
    ...{ takenAt: new Date(taken.at).toISOString(), software: taken.software },
    ...{ nodes, workloads, size: body.length },
  }
  const line = JSON.stringify({ ...header, sha256: digest(header, body) })
  return Buffer.concat([Buffer.from(`${line}\n`), body])
}

/** Throws BACKUP_INVALID for anything but a whole and undamaged backup that this version can read. */
export function decodeBackup(bytes: Uint8Array): Backup {
  const end = bytes.subarray(0, longestHeader).indexOf(newline)
  const header = end === -1 ? null : headerIn(bytes.subarray(0, end))
  if (header === null) throw invalid('it does not begin as one')
  const body = bytes.subarray(end + 1)
  if (body.length < header.size) throw invalid(`it ends too early, after ${body.length} of ${header.size} bytes`)
  const { sha256: told, ...rest } = header
  if (body.length > header.size || digest(rest, body) !== told) throw invalid('it is damaged: its checksum differs')
  try {
    return { header, state: restore(body) }
  } catch (cause) {
    if (!ClawError.is(cause, 'STATE_CORRUPT') && !ClawError.is(cause, 'VERSION_UNSUPPORTED')) throw cause
    throw new ClawError('BACKUP_INVALID', {
      problem: `this version cannot read it; it was written by ${header.software}`,
    })
  }
}

/** Over the first line without its own checksum, and all that follows. */
const digest = (header: Omit<BackupHeader, 'sha256'>, body: Uint8Array): string =>
  sha256(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]))

function headerIn(line: Uint8Array): BackupHeader | null {
  const json = parsed(Buffer.from(line).toString('utf8'))
  if (typeof json === 'object' && json !== null && 'version' in json && 'format' in json)
    if (json.format === 'clawbernetes-backup' && json.version !== 1)
      throw invalid(`it has format ${String(json.version)}, and this version reads format 1`)
  const result = Header.safeParse(json)
  return result.success ? result.data : null
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const invalid = (problem: string): ClawError => new ClawError('BACKUP_INVALID', { problem })
