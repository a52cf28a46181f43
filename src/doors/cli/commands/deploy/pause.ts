import { command } from '../../line/command.ts'
import { oneLine } from '../../work/deploy-follow.ts'

export default command({
  name: 'deploy pause',
  about: 'Hold a rollout where it is; what dies is replaced all the same.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: { reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' } },
  examples: ['deploy pause api', 'deploy pause api --reason "incident 12"'],

  async run({ NAME, reason }, { api: connect, out, signal }) {
    const api = await connect()
    await out.result(await api.call('deploy.pause', { deployment: NAME, reason }, signal), (view) => [oneLine(view)])
    return undefined
  },
})
