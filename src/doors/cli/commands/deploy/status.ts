import { command } from '../../line/command.ts'
import { progressOf, statusLines } from '../../work/deploy-follow.ts'

export default command({
  name: 'deploy status',
  about: 'Show one deployment: its state, its replicas, how far a rollout is, and why.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: { watch: { kind: 'flag', short: 'w', about: 'Go on: a line for each change, until Ctrl-C' } },
  examples: ['deploy status api', 'deploy status api --watch', 'deploy status api -o json'],

  async run({ NAME, watch }, { api: connect, out, signal }) {
    const api = await connect()
    if (!watch) {
      await out.result(await api.call('deploy.status', { deployment: NAME }, signal), statusLines)
      return undefined
    }
    for await (const status of api.stream('deploy.wait', { deployment: NAME, follow: true }, signal))
      await out.item(status, `${progressOf(status)}\n`)
    return undefined
  },
})
