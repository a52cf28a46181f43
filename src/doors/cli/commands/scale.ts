import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'
import { expectReached, followed, oneLine } from '../work/deploy-follow.ts'

export default command({
  name: 'scale',
  about: 'Change how many replicas a deployment has.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: {
    replicas: { kind: 'number', value: 'N', about: 'How many' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken it' },
  },
  examples: ['scale api --replicas 5', 'scale api --replicas 0 --detach'],

  async run({ NAME, replicas, reason, detach }, session) {
    if (replicas === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'say how many: --replicas N' })
    const api = await session.api()
    const { out, signal } = session
    const made = await api.call('deploy.scale', { deployment: NAME, replicas, reason }, signal)
    const last = detach ? null : await followed(made.deploymentId, api, session)
    await out.result(last ?? made, (view) => [oneLine(view)])
    expectReached(last, made.revision)
    return undefined
  },
})
