import { command } from '../../line/command.ts'
import { confirm } from '../../confirm.ts'
import { followed } from '../../work/deploy-follow.ts'

export default command({
  name: 'deploy delete',
  about: 'Stop all replicas of a deployment and forget it.',
  details: 'Says what will be stopped and takes a yes. Waits until all have ended.',
  positionals: { NAME: { about: 'Name or id of the deployment' } },
  options: {
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken the request' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: ['deploy delete api', 'deploy delete api --yes --reason "moved to team-b"'],

  async run({ NAME, reason, detach, yes }, session) {
    const api = await session.api()
    const { out, signal } = session
    const found = await api.call('deploy.status', { deployment: NAME }, signal)
    const plan = [
      `The deployment ${found.name} will be deleted, and ${found.totalReplicas} replica(s) stopped:`,
      ...found.containers.slice(0, 8).map((name) => `  ${name}`),
    ]
    await confirm(plan, { ...session, yes })
    const taken = await api.call('deploy.delete', { deployment: found.deploymentId, reason }, signal)
    if (!detach && taken.state === 'deleting') await followed(found.deploymentId, api, session)
    await out.result({ ...taken, state: detach ? taken.state : 'deleted' }, ({ name, state }) => [
      state === 'deleted' ? `${name} is gone` : `${name} is being deleted`,
    ])
    return undefined
  },
})
