/** The state of the mesh as a file, and back. */
import { z } from 'zod'
import { decodeBackup } from '../../core/state/backup.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { changePatience } from '../carry-out.ts'
import { within } from '../deadline.ts'
import { time } from '../fields.ts'
import { leaderOf } from './gateway-change.ts'
import { stream, unary } from '../operation.ts'

/** Bytes in one item: with base64 around them they stay far below the largest message. */
const partBytes = 192 * 1_024
/** Most characters of base64 in one part of an upload. */
const longestPart = 700_000

export const meshBackup = stream({
  name: 'mesh.backup',
  about: 'Read the whole state of the mesh, consistent at one place of its log. The parts put together are the file.',
  input: z.strictObject({
    stale: z
      .boolean()
      .default(false)
      .describe('What the peer that is asked has, without asking the leader: for when there is none any more'),
  }),
  output: z.object({ data: z.string().describe('Base64 of the next part of the file') }),
  permission: { verb: 'read', resource: 'backup' },
  rest: { method: 'GET', path: '/api/mesh/backup' },
  async *handler({ stale }, { control, clock, renewal }, { signal }) {
    if (!stale) await within(clock, changePatience, signal, (limited) => control.fresh('linearizable', limited))
    const file = await renewal.backup(signal)
    for (let at = 0; at < file.length; at += partBytes)
      yield { data: Buffer.from(file.subarray(at, at + partBytes)).toString('base64') }
  },
})

const upload = z.string().min(8).max(64).describe('A name that the caller makes up for the file')

export const meshUpload = unary({
  name: 'mesh.upload',
  isStep: true,
  about: 'Send a part of a backup to the leader, for `mesh.restore`. Unused for five minutes, it is forgotten.',
  input: z.strictObject({
    upload,
    offset: z.int().min(0).describe('How much was sent before; 0 begins anew'),
    data: z.base64().max(longestPart).describe('Base64 of the part'),
  }),
  output: z.object({ received: z.int().describe('Bytes that are there now') }),
  permission: { verb: 'change', resource: 'mesh' },
  rest: { method: 'POST', path: '/api/mesh/uploads' },
  where: leaderOf,
  handler({ upload: id, offset, data }, { renewal }) {
    return Promise.resolve({ received: renewal.uploads.put(id, offset, Buffer.from(data, 'base64')) })
  },
})

export const meshRestore = unary({
  name: 'mesh.restore',
  about: 'Replace the state of the mesh by that of a backup. Who belongs to the mesh stays as it is.',
  input: z.strictObject({
    upload,
    force: z.boolean().default(false).describe('Also when the mesh has other nodes, or work'),
  }),
  output: z.object({
    mesh: z.string().describe('Name of the mesh that the backup is of'),
    takenAt: time,
    workloads: z.int().describe('Workloads that the mesh has now'),
    replaced: z.int().describe('Workloads that it had before'),
    rolledBack: z.boolean().describe('The backup was of this same mesh'),
  }),
  permission: { verb: 'change', resource: 'mesh' },
  // A backup of another mesh brings its operators and users along.
  lasting: () => 'credential',
  rest: { method: 'POST', path: '/api/mesh/restore' },
  where: leaderOf,
  async handler({ upload: id, force }, { control, clock, renewal, log }, { caller, signal }) {
    const backup = decodeBackup(renewal.uploads.take(id))
    const fresh = (): Promise<void> =>
      within(clock, changePatience, signal, (limited) => control.fresh('linearizable', limited))
    await fresh()
    const { state } = control
    if (!force) refuseUsed(state)
    const replaced = state.workloads.size
    const rolledBack = state.mesh?.id === backup.header.mesh
    log.warn('the state of the mesh is being replaced by a backup', { ...backup.header, by: caller.id })
    await renewal.restore(backup, caller.id)
    await fresh()
    const { name, takenAt } = backup.header
    return { mesh: name, takenAt, workloads: state.workloads.size, replaced, rolledBack }
  },
})

function refuseUsed({ members, workloads }: MeshState): void {
  if (members.size <= 1 && workloads.size === 0) return
  throw new ClawError('MESH_IN_USE', { nodes: members.size, workloads: workloads.size })
}
