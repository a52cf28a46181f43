import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'

export default command({
  name: 'deploy',
  about: 'Bring deployments to what a file says: make those that are not there, change the others.',
  details:
    'Shows what would change of a deployment that is there, and asks before it changes it. Then waits until nothing more is under way. What the file does not say becomes what it is by default. What it says under ingress is how requests from outside reach it; those that a file of it made before are taken away.',
  positionals: {},
  options: {
    spec: {
      kind: 'text',
      value: 'FILE',
      about: 'What to deploy: workload.toml, workload.yaml, a Compose file, or JSON; - is standard input',
    },
    image: { kind: 'text', value: 'IMAGE', about: 'Instead of the image of the file' },
    name: { kind: 'text', value: 'NAME', about: 'Instead of the name of the file' },
    replicas: { kind: 'number', value: 'N', about: 'Instead of the number of replicas of the file' },
    strategy: { kind: 'text', value: 'WORD', about: 'immediate, rolling:N, canary:N or blue-green' },
    'dry-run': { kind: 'flag', about: 'Change nothing; say what would change' },
    detach: { kind: 'flag', short: 'd', about: 'Do not wait for the end of the rollout' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'deploy --spec workload.toml',
    'deploy --spec workload.yaml --image vllm/vllm:v2 --strategy canary:10 --yes',
    'deploy --spec compose.yaml --dry-run',
  ],

  async run(args, session) {
    if (args.spec === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'say what to deploy with --spec FILE, or see deploy --help' })
    const { deployFile } = await import('../work/deploy-file.ts')
    const { image, name, replicas, strategy } = args
    return deployFile(
      {
        file: args.spec,
        said: { image, name, replicas, strategy },
        isDryRun: args['dry-run'],
        isDetached: args.detach,
        yes: args.yes,
      },
      session,
    )
  },
})
