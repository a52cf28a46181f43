import { confirm } from '../../confirm.ts'
import { command } from '../../line/command.ts'

export default command({
  name: 'backup delete',
  about: 'Take a backup away, or give up making it.',
  details: 'Its node takes the files away when it can: until then the backup is listed as deleting.',
  positionals: { ID: { about: 'Id of the backup' } },
  options: { yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['backup delete bak-x7k2m4q9ab', 'backup delete bak-x7k2m4q9ab --yes'],

  async run({ ID: backup, yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    const { volumes, createdAt } = await api.call('backup.info', { backup }, signal)
    await confirm([`The backup of ${volumes.join(', ') || 'the mesh'} of ${createdAt} will be deleted.`], {
      ...session,
      yes,
    })
    await out.result(await api.call('backup.delete', { backup }, signal), ({ id, deleted }) => [
      deleted ? `${id} is gone` : `${id} is being taken away`,
    ])
    return undefined
  },
})
