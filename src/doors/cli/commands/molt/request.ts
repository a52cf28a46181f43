import { isolations, verifications } from '../../../../model/molt-hardware.ts'
import { strategies } from '../../../../model/molt-want.ts'
import { ClawError } from '../../../../model/failure.ts'
import { command } from '../../line/command.ts'
import { pairsOf } from '../../line/pairs.ts'
import { inputsIn } from '../../work/molt-inputs.ts'
import { requestOfStrangers } from '../../work/molt-request.ts'

export default command({
  name: 'molt request',
  about: 'Have a stranger run a container on its GPUs, and pay for what it uses.',
  details:
    'Asks providers for bids, shows the best one and asks before anything is spent. Then shows the output, and ends with the exit code of the work and what it has cost. ' +
    'Ctrl-C lets go of it without ending it: it goes on, and costs on. When a provider fails, the next one takes over, within the same price.',
  positionals: {
    command: { about: 'Command and its arguments, behind --', optional: true, rest: true },
  },
  options: {
    image: {
      kind: 'text',
      value: 'IMAGE',
      about: 'Container image with its digest, NAME@sha256:…, or one that the node has pulled',
    },
    gpus: { kind: 'number', short: 'g', value: 'N', about: 'How many GPUs; 1 if left out' },
    'gpu-type': { kind: 'text', value: 'MODEL', about: 'Model or family of the GPUs, such as H100' },
    'gpu-memory': { kind: 'text', value: 'SIZE', about: 'Least memory of each GPU' },
    duration: { kind: 'text', value: 'TIME', about: 'So long it may run at most: 90s, 30m, 24h' },
    'max-price': { kind: 'text', value: 'MOLT', about: 'What all of it may cost' },
    entrypoint: { kind: 'text', value: 'TEXT', about: 'What runs instead of the entrypoint of the image' },
    env: { kind: 'list', short: 'e', value: 'K=V', about: 'Environment variable; only the provider is told it' },
    workdir: { kind: 'text', short: 'w', value: 'DIR', about: 'Directory in the container that it starts in' },
    cpu: { kind: 'number', value: 'CORES', about: 'CPU limit, such as 2.5' },
    memory: { kind: 'text', short: 'm', value: 'SIZE', about: 'Memory limit, such as 64Gi' },
    'shm-size': { kind: 'text', value: 'SIZE', about: 'Size of /dev/shm, such as 2Gi' },
    input: {
      kind: 'list',
      value: 'FROM:TO',
      about: 'File or folder here, and the folder in the container that it is sent to; repeatable',
    },
    output: { kind: 'list', value: 'DIR', about: 'Folder in the container to be fetched when it is over; repeatable' },
    'output-size': { kind: 'text', value: 'SIZE', about: 'Most that these may hold together; 1Gi if left out' },
    strategy: {
      kind: 'text',
      value: 'WORD',
      choices: strategies,
      about: 'What counts when bids are compared; balanced if left out',
    },
    'min-reputation': { kind: 'number', value: 'N', about: 'Of 100; at 0 also providers of whom nothing is known' },
    isolation: {
      kind: 'list',
      value: 'WORD',
      about: `A way to be kept apart that it accepts (${isolations.join(', ')}); repeatable`,
    },
    'min-verification': {
      kind: 'text',
      value: 'WORD',
      choices: verifications,
      about: 'How sure the node has to be of the provider, by what it has seen itself',
    },
    verify: {
      kind: 'text',
      value: 'WORD',
      choices: ['re-execution'],
      about: 'Run it twice, at two providers, for that price, and compare what both print',
    },
    prefer: { kind: 'list', value: 'PARTY', about: 'A provider that comes first; repeatable' },
    region: { kind: 'text', value: 'REGION', about: 'Only there' },
    name: { kind: 'text', value: 'NAME', about: 'Name to call it by' },
    yes: { kind: 'flag', short: 'y', about: 'Spend without asking' },
    'dry-run': { kind: 'flag', about: 'Show the bids, and spend nothing' },
    detach: { kind: 'flag', short: 'd', about: 'Print the id and return' },
    node: { kind: 'text', value: 'NODE', about: 'Which node buys; the one you talk to if left out' },
  },
  examples: [
    'molt request --gpus 2 --gpu-type H100 --duration 1h --max-price 20 --image pytorch/pytorch:latest -- python train.py',
    'molt request --duration 10m --max-price "1.5 MOLT" --image pytorch/pytorch:latest --dry-run',
    'molt request --duration 1h --max-price 5 --image pytorch/pytorch:latest --input ./data:/in --output /out --output-size 20Gi -- python train.py',
    'molt request -d --yes --duration 24h --max-price 100 --strategy lowest-price --image vllm/vllm:latest',
  ],

  run(args, session) {
    const { image, duration, 'max-price': maxPrice, entrypoint, isolation, yes, detach, region, node, name } = args
    if (image === undefined || duration === undefined || maxPrice === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'it takes --image, --duration and --max-price' })
    const request = {
      ...{ image, duration, maxPrice, gpus: args.gpus, gpuType: args['gpu-type'], gpuMemory: args['gpu-memory'] },
      ...{ command: [...args.command], entrypoint: entrypoint?.split(/\s+/), env: pairsOf(args.env, '--env') },
      ...{ workdir: args.workdir, cpu: args.cpu, memory: args.memory, shmSize: args['shm-size'] },
      ...{ inputs: inputsIn(args.input), outputs: [...args.output], outputSize: args['output-size'] },
      ...{ strategy: strategies.find((one) => one === args.strategy), minReputation: args['min-reputation'] },
      isolation: isolation.length === 0 ? undefined : isolation.map(isolationIn),
      prefer: args.prefer.length === 0 ? undefined : [...args.prefer],
      minVerification: verifications.find((one) => one === args['min-verification']),
      verify: args.verify === undefined ? undefined : ('re-execution' as const),
      ...{ region, node, name },
    }
    return requestOfStrangers(request, { yes, 'dry-run': args['dry-run'], detach }, session)
  },
})

function isolationIn(word: string): (typeof isolations)[number] {
  const found = isolations.find((one) => one === word)
  if (found === undefined)
    throw new ClawError('INVALID_REQUEST', { problem: `--isolation ${word} is none of ${isolations.join(', ')}` })
  return found
}
