import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { bytesInWords } from '../../work/volume-words.ts'

export default command({
  name: 'backup verify',
  about: 'Read every byte of a backup, and see that it is what was written, and can be opened.',
  details: 'Fails with BACKUP_DAMAGED, and names the first file that is not what was written.',
  positionals: { ID: { about: 'Id of the backup' } },
  options: {},
  examples: ['backup verify bak-x7k2m4q9ab', 'backup verify bak-x7k2m4q9ab --json'],

  async run({ ID: backup }, { api: connect, out, signal }) {
    for await (const item of (await connect()).stream('backup.verify', { backup }, signal)) {
      const [first] = item.damaged
      if (!item.isDone) out.note(`${bytesInWords(item.bytes)} so far`)
      else if (first !== undefined) throw new ClawError('BACKUP_DAMAGED', { backup, ...first })
      else
        await out.result({ backup, ...item }, ({ bytes, files }) => [
          `${backup} is whole: ${files} file(s), ${bytesInWords(bytes)}`,
        ])
    }
    return undefined
  },
})
