import { command } from '../line/command.ts'
import { expectReached, followed, oneLine } from '../work/deploy-follow.ts'

export default command({
  name: 'rollback',
  about: 'Take a deployment back to the revision before, or to a named one.',
  details:
    'In the middle of a rollout that is the revision that was fully there last. Its replicas that still run are kept.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: {
    'to-revision': { kind: 'number', value: 'N', about: 'Where to go back to' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken it' },
  },
  examples: ['rollback api', 'rollback api --to-revision 3', 'rollback api --reason "high error rate"'],

  async run({ NAME, 'to-revision': revision, reason, detach }, session) {
    const api = await session.api()
    const { out, signal } = session
    const made = await api.call('deploy.rollback', { deployment: NAME, revision, reason }, signal)
    const last = detach ? null : await followed(made.deploymentId, api, session)
    expectReached(last, made.revision)
    await out.result(last ?? made, (view) => [oneLine(view)])
    return undefined
  },
})
