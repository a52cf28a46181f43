import { command } from '../../line/command.ts'
import { expectReached, followed, oneLine } from '../../work/deploy-follow.ts'
import { deploymentSaid, deployOptions, deployPositionals } from '../../work/deploy-request.ts'

export default command({
  name: 'deploy update',
  about: 'Change a deployment; another image or command is a new revision, which is rolled out.',
  details:
    'What is not said stays. Waits until the new revision is there, waits to be promoted, or has failed: exit code 1, and the mesh goes back by itself.',
  positionals: deployPositionals,
  options: {
    ...deployOptions,
    expect: { kind: 'number', value: 'N', about: 'Change nothing when it is at another revision' },
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who look at it later' },
    detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken it' },
  },
  examples: [
    'deploy update api nginx:1.28',
    'deploy update api --image nginx:1.28 --replicas 5',
    'deploy update llm vllm/vllm:v2 --strategy canary:20 --max-errors 1% --auto-promote 10m',
  ],

  async run(args, session) {
    const { out, signal, host } = session
    const api = await session.api()
    const { expect: expectedRevision, reason } = args
    const said = deploymentSaid(args, host.env)
    const made = await api.call('deploy.update', { ...said, deployment: args.NAME, expectedRevision, reason }, signal)
    const last = args.detach ? null : await followed(made.deploymentId, api, session)
    expectReached(last, made.revision)
    await out.result(last ?? made, (view) => [oneLine(view)])
    return undefined
  },
})
