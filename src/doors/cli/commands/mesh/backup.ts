import { decodeBackup } from '../../../../core/state/backup.ts'
import { writeWhole } from '../../backup-file.ts'
import { command } from '../../line/command.ts'

export default command({
  name: 'mesh backup',
  about: 'Write the state of the mesh to a file.',
  details:
    'All that was acknowledged before is in it. Only you can read the file (0600): it holds the environment of all work, but no key ' +
    'and no token. What is written is checked, then takes the place of an older file of that name.',
  positionals: { file: { about: 'Where to write it' } },
  options: {
    stale: { kind: 'flag', about: 'What this peer has, without asking the leader: for when there is none any more' },
  },
  examples: ['mesh backup mesh.claw', 'mesh backup --stale last-resort.claw --json'],

  async run({ file, stale }, { api: connect, out, signal }) {
    const api = await connect()
    const parts: Buffer[] = []
    for await (const { data } of api.stream('mesh.backup', { stale }, signal)) parts.push(Buffer.from(data, 'base64'))
    const bytes = Buffer.concat(parts)
    const { header } = decodeBackup(bytes)
    await writeWhole(file, bytes)
    await out.result({ file, bytes: bytes.length, ...header }, ({ name, index, nodes, workloads }) => [
      `${file}: mesh ${name} with ${nodes} node(s) and ${workloads} workload(s), up to ${index} of its log`,
    ])
    return undefined
  },
})
