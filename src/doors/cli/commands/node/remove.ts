import { createInterface } from 'node:readline/promises'
import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../command.ts'

export default command({
  name: 'node remove',
  about: 'Take a node out of the mesh.',
  details: 'Its certificate counts no more from then on, and it can come back only with a new token.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {
    force: { kind: 'flag', about: 'Also when it still has work, which is killed first' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask at a terminal' },
  },
  examples: ['node remove gpu-node-3', 'node remove gpu-node-3 --force --yes'],

  async run({ node, force, yes }, { api: connect, out, signal, host }) {
    const api = await connect()
    if (!yes && host.stdin.isTTY === true && out.isTerminal) {
      const { name, running } = await api.call('node.info', { node }, signal)
      const terminal = createInterface({ input: host.stdin, output: host.stderr })
      const question = `Remove ${name}, which has ${running.length} workload(s), from the mesh? [y/N] `
      const answer = await terminal.question(question, { signal }).finally(() => {
        terminal.close()
      })
      if (!/^y(es)?$/i.test(answer.trim())) throw new ClawError('INVALID_REQUEST', { problem: 'you said no' })
    }
    const removed = await api.call('node.remove', { node, force }, signal)
    await out.result(removed, ({ name, leftRunning }) => [
      `${name} is no longer a member`,
      ...(leftRunning > 0 ? [`it did not answer in time: ${leftRunning} workload(s) may still run there`] : []),
    ])
    return undefined
  },
})
