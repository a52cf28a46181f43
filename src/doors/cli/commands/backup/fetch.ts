import { writeAll } from '../../backup-file.ts'
import { command } from '../../line/command.ts'
import { bytesInWords } from '../../work/volume-words.ts'

/** Between two words on how far it is. */
const everyBytes = 32 * 1_048_576

export default command({
  name: 'backup fetch',
  about: 'Write what is in a backup to a file here.',
  details:
    'A volume becomes a tar archive, the state of the mesh what `mesh restore` takes. It is not encrypted any more. The file is there when all of it is, ' +
    'and was checked on the way.',
  positionals: { ID: { about: 'Id of the backup' }, FILE: { about: 'File to write' } },
  options: {
    volume: { kind: 'text', short: 'v', value: 'NAME', about: 'Which of its volumes, where there are several' },
  },
  examples: [
    'backup fetch bak-x7k2m4q9ab mesh.claw',
    'backup fetch bak-x7k2m4q9ab data.tar --volume training-data --json',
  ],

  async run({ ID: backup, FILE: file, volume }, { api: connect, out, signal }) {
    const parts = (await connect()).stream('backup.read', { backup, volume }, signal)
    let bytes = 0
    let told = 0
    const content = async function* (): AsyncGenerator<Uint8Array> {
      for await (const { data } of parts) {
        const chunk = Buffer.from(data, 'base64')
        bytes += chunk.length
        if (bytes - told >= everyBytes) out.note(`${bytesInWords((told = bytes))} so far`)
        yield chunk
      }
    }
    await writeAll(file, content())
    await out.result({ backup, file, bytes }, () => [`${file}: ${bytesInWords(bytes)} of ${backup}`])
    return undefined
  },
})
