import { confirm } from '../../../confirm.ts'
import { command } from '../../../line/command.ts'

export default command({
  name: 'molt network leave',
  about: 'Have the mesh take part in no MOLT network any more.',
  details: 'What its nodes own there stays theirs: they have it again once the mesh joins that network again.',
  positionals: {},
  options: { yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: ['molt network leave --yes', 'molt network leave --yes --json'],

  async run({ yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    const { name, witnesses } = await api.call('moltnetwork.info', {}, signal)
    const own = witnesses.filter(({ node }) => node !== null).length
    const loss = own === 0 ? [] : [`${own} of its ${witnesses.length} witnesses are in this mesh, and will be gone.`]
    await confirm([`No node of the mesh will take part in ${name} any more.`, ...loss], { ...session, yes })
    await out.result(await api.call('moltnetwork.leave', {}, signal), (left) => [`the mesh has left ${left.name}`])
    return undefined
  },
})
