import { command } from '../../line/command.ts'
import { backupFacts } from '../../work/backup-words.ts'

export default command({
  name: 'backup info',
  about: 'Show one backup: what is in it, and the checksum of each of its files.',
  positionals: { ID: { about: 'Id of the backup' } },
  options: {},
  examples: ['backup info bak-x7k2m4q9ab', 'backup info bak-x7k2m4q9ab --json'],

  async run({ ID: backup }, { api: connect, out, signal }) {
    await out.result(await (await connect()).call('backup.info', { backup }, signal), backupFacts)
    return undefined
  },
})
