import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { expectReached, followed, oneLine } from '../../work/deploy-follow.ts'
import { deploymentSaid, deployOptions, deployPositionals } from '../../work/deploy-request.ts'

export default command({
  name: 'deploy create',
  about: 'Have so many replicas of something run all the time.',
  details:
    'Replicas that end are replaced. Waits until all are ready; Ctrl-C lets go of it without stopping anything. A new revision comes with deploy update.',
  positionals: deployPositionals,
  options: { ...deployOptions, detach: { kind: 'flag', short: 'd', about: 'Return as soon as the mesh has taken it' } },
  examples: [
    'deploy create api nginx:1.27 --replicas 3 --strategy rolling:1',
    'deploy create llm vllm/vllm:latest --gpus 1 --memory 8g --replicas 3 --strategy canary:10 --service 8080:8000',
    'deploy create web app:1 -d --replicas 2 --strategy blue-green --port 8080 --ready-http /healthz',
  ],

  async run(args, session) {
    const { out, signal, host } = session
    const { image, ...said } = deploymentSaid(args, host.env)
    if (image === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'no image is named: write deploy create NAME IMAGE' })
    const api = await session.api()
    const namespace = said.namespace ?? (host.env['CLAWBERNETES_NAMESPACE'] || undefined)
    const made = await api.call('deploy.create', { ...said, image, namespace, name: args.NAME }, signal)
    const last = args.detach ? null : await followed(made.deploymentId, api, session)
    expectReached(last, made.revision)
    await out.result(last ?? made, (view) => [oneLine(view)])
    return undefined
  },
})
