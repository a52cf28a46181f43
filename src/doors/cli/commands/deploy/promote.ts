import { command } from '../../line/command.ts'
import { expectReached, followed, oneLine } from '../../work/deploy-follow.ts'

export default command({
  name: 'deploy promote',
  about: 'Let the canary, or the second set of blue-green, take over for good.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: {
    force: { kind: 'flag', about: 'Also before it is ready, or after it has failed' },
    expect: { kind: 'number', value: 'N', about: 'Only this revision' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken it' },
  },
  examples: ['deploy promote api', 'deploy promote api --expect 4', 'deploy promote api --force --reason "it is late"'],

  async run({ NAME, force, expect: expectedRevision, reason, detach }, session) {
    const api = await session.api()
    const { out, signal } = session
    const made = await api.call('deploy.promote', { deployment: NAME, force, expectedRevision, reason }, signal)
    const last = detach ? null : await followed(made.deploymentId, api, session)
    expectReached(last, made.revision)
    await out.result(last ?? made, (view) => [oneLine(view)])
    return undefined
  },
})
