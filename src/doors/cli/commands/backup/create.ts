import { command } from '../../line/command.ts'
import { askedOf, askedOptions } from '../../work/backup-words.ts'
import { bytesInWords } from '../../work/volume-words.ts'

export default command({
  name: 'backup create',
  about: 'Copy volumes, or the state of the mesh, away from where they are.',
  details:
    'Volumes are encrypted with the secret backup-key of their namespace, which is made when there is none. Work that writes meanwhile is copied as ' +
    'it is found: stop it first for a copy of one moment. Interrupted, nothing of it stays, unless it was told to go on with --detach.',
  positionals: {},
  options: { ...askedOptions, detach: { kind: 'flag', short: 'd', about: 'Do not wait for it' } },
  examples: [
    'backup create --volume training-data --to /srv/backups',
    'backup create --label tier=gold --to /srv/backups --node nas --detach',
    'backup create --mesh --to /srv/backups --json',
  ],

  async run({ detach, ...args }, { api: connect, out, signal, host }) {
    const input = { ...askedOf(args, host), detach }
    for await (const item of (await connect()).stream('backup.create', input, signal)) {
      if (item.backup === null) out.note(`${bytesInWords(item.bytes)} so far, file ${item.file} of ${item.files}`)
      else
        await out.result(item.backup, ({ id, state, bytes, target }) => [
          state === 'complete' ? `${id}: ${bytesInWords(bytes)} at ${target}` : `${id} is being made`,
        ])
    }
    return undefined
  },
})
