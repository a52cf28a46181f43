import { randomUUID } from 'node:crypto'
import type { BackupHeader } from '../../../../core/state/backup.ts'
import { decodeBackup } from '../../../../core/state/backup.ts'
import type { Api } from '../../peer/api.ts'
import { readWhole } from '../../backup-file.ts'
import { command } from '../../line/command.ts'
import { confirmByTyping } from '../../confirm.ts'

/** Bytes of one part; a request may have 1 MiB. */
const partBytes = 384 * 1_024

export default command({
  name: 'mesh restore',
  about: 'Replace the state of the mesh by that of a backup.',
  details:
    'Who belongs to the mesh stays as it is: nodes, keys and tokens are never taken from a backup. Work on nodes of this mesh is taken up ' +
    'where it is; what was on other nodes counts as lost with them. The state that is replaced is kept on every node. ' +
    'A mesh that has other nodes, or work, is left alone without --force.',
  positionals: { file: { about: 'What `mesh backup` wrote' } },
  options: {
    force: { kind: 'flag', about: 'Also when the mesh has other nodes, or work: rolls it back' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['mesh restore mesh.claw', 'mesh restore mesh.claw --force --yes'],

  async run({ file, force, yes }, session) {
    const { out, signal } = session
    const bytes = await readWhole(file)
    const { header } = decodeBackup(bytes)
    const api = await session.api()
    const now = await api.call('status', {}, signal)
    await confirmByTyping(header.name, warning(header, now), { ...session, yes })
    const upload = randomUUID()
    await send(api, upload, bytes, signal)
    const restored = await api.call('mesh.restore', { upload, force }, signal)
    await out.result(restored, ({ mesh, takenAt, workloads, rolledBack }) => [
      `${rolledBack ? 'the mesh is' : `the state of mesh ${mesh} is here,`} as it was at ${takenAt}: ${workloads} workload(s)`,
    ])
    return undefined
  },
})

const warning = (
  { name, takenAt, workloads }: BackupHeader,
  { nodes }: { readonly nodes: { readonly healthy: number; readonly unhealthy: number } },
): readonly string[] => [
  `The state of this mesh of ${nodes.healthy + nodes.unhealthy} node(s) will be replaced by that of mesh ${name}`,
  `as it was at ${takenAt}, with ${workloads} workload(s). What was decided since is undone. This cannot be undone.`,
]

async function send(api: Api, upload: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += partBytes) {
    const data = Buffer.from(bytes.subarray(offset, offset + partBytes)).toString('base64')
    await api.call('mesh.upload', { upload, offset, data }, signal)
  }
}
