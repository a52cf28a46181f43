import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'
import { bytesInWords } from '../../work/volume-words.ts'

export default command({
  name: 'backup restore',
  about: 'Put a volume back from a backup, all at once.',
  details:
    'Into a new volume, or with --replace in the place of what one holds that nothing uses. It is checked on the way: when anything is damaged, all stays as it was. ' +
    'The state of a mesh goes back with `backup fetch` and `mesh restore`.',
  positionals: { ID: { about: 'Id of the backup' } },
  options: {
    volume: { kind: 'text', short: 'v', value: 'NAME', about: 'Which of its volumes, where there are several' },
    to: { kind: 'text', value: 'NAME', about: 'Volume that gets it; the one that it was, if left out' },
    node: { kind: 'text', value: 'NODE', about: 'Where a new volume has its data; where the backup is, if left out' },
    replace: { kind: 'flag', about: 'What a volume of that name holds now is gone then' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'backup restore bak-x7k2m4q9ab --to training-data-again',
    'backup restore bak-x7k2m4q9ab --volume training-data --replace --yes',
  ],

  async run({ ID: backup, volume, to, node, replace, yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    const input = { backup, volume, to, node, replace }
    if (replace) {
      const { volumes } = await api.call('backup.info', { backup }, signal)
      await confirm([`What the volume ${to ?? volume ?? volumes.join(', ')} holds now will be gone.`], {
        ...session,
        yes,
      })
    }
    for await (const item of api.stream('backup.restore', input, signal)) {
      if (!item.isDone) out.note(`${bytesInWords(item.bytes)} of ${bytesInWords(item.of)} so far`)
      else
        await out.result(item, ({ volume: name, bytes }) => [
          `${name} is as it was in ${backup}: ${bytesInWords(bytes)}`,
        ])
    }
    return undefined
  },
})
