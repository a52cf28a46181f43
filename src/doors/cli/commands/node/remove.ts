import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'

export default command({
  name: 'node remove',
  about: 'Take a node out of the mesh.',
  details:
    'Its certificate counts no more from then on, and it can come back only with a new token. Without a terminal to ask at, it takes --yes.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {
    force: { kind: 'flag', about: 'Also when it still has work, which is killed first' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['node remove gpu-node-3 --yes', 'node remove gpu-node-3 --force --yes'],

  async run({ node, force, yes }, session) {
    const { out, signal } = session
    const api = await session.api()
    if (!yes) {
      const { name, running, gpus } = await api.call('node.info', { node }, signal)
      const fate = force ? 'which are killed' : 'so the mesh will refuse'
      const work = running.length === 0 ? 'It has no work.' : `It has ${running.length} workload(s), ${fate}.`
      await confirm([`${name} with ${gpus.length} GPU(s) will be taken out of the mesh. ${work}`], { ...session, yes })
    }
    const removed = await api.call('node.remove', { node, force }, signal)
    await out.result(removed, ({ name, leftRunning }) => [
      `${name} is no longer a member`,
      ...(leftRunning > 0 ? [`it did not answer in time: ${leftRunning} workload(s) may still run there`] : []),
    ])
    return undefined
  },
})
