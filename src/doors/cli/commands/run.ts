import { ClawError } from '../../../model/failure.ts'
import { command } from '../command.ts'
import { pairsOf } from '../pairs.ts'
import { attend } from '../attend.ts'

export default command({
  name: 'run',
  about: 'Run a container on the mesh.',
  details:
    'Shows its output and ends with its exit code. Ctrl-C lets go of it without stopping it. With -d, only its id is printed.',
  positionals: {
    IMAGE: { about: 'Container image', optional: true },
    COMMAND: { about: 'Command and its arguments, behind --', optional: true, rest: true },
  },
  options: {
    image: { kind: 'text', value: 'IMAGE', about: 'Container image, when it is not the first word' },
    command: { kind: 'text', value: 'TEXT', about: 'Command as one text, when it does not follow --' },
    gpus: {
      kind: 'text',
      short: 'g',
      value: 'N',
      about: 'How many GPUs: 4. Exact ones of a node: device=0,1 (or 0,1)',
    },
    'gpu-type': { kind: 'text', value: 'MODEL', about: 'Model or family of the GPUs, such as H100' },
    'gpu-memory': { kind: 'text', value: 'SIZE', about: 'Least memory of each GPU' },
    memory: { kind: 'text', short: 'm', value: 'SIZE', about: 'Memory limit: 64Gi, 512m; a bare number is MiB' },
    cpu: { kind: 'number', value: 'CORES', about: 'CPU limit, such as 2.5' },
    'shm-size': { kind: 'text', value: 'SIZE', about: 'Size of /dev/shm, such as 2g' },
    env: {
      kind: 'list',
      short: 'e',
      value: 'K=V',
      about: 'Environment variable; K alone takes the value from here, if any',
    },
    volume: { kind: 'list', short: 'v', value: 'HOST:DIR[:ro]', about: 'Directory or volume of the node to mount' },
    mount: { kind: 'list', value: 'HOST:DIR[:ro]', about: 'Same as --volume' },
    name: { kind: 'text', value: 'NAME', about: 'Name to call it by' },
    priority: { kind: 'text', value: 'LEVEL', about: 'low, normal, high, or 0 to 1000' },
    timeout: { kind: 'text', value: 'TIME', about: 'Stop it after this long: 30m, 24h' },
    'stop-grace': { kind: 'text', value: 'TIME', about: 'From the request to stop to the kill; 10s if left out' },
    node: { kind: 'text', value: 'NODE', about: 'Run it on this node only' },
    label: { kind: 'list', value: 'K=V', about: 'Run it only on nodes with this label' },
    executor: { kind: 'text', value: 'KIND', choices: ['docker', 'process', 'simulated'], about: 'What shall run it' },
    detach: { kind: 'flag', short: 'd', about: 'Print the id and return' },
    'idempotency-key': { kind: 'text', value: 'KEY', about: 'Submitting again with the same key does nothing new' },
  },
  examples: [
    'run --gpus 1 nvidia/cuda:12.0-runtime -- nvidia-smi',
    'run -d --gpus 4 --gpu-type H100 --name train pytorch/pytorch:latest -- python train.py',
    'run --image vllm/vllm:latest --gpus device=0,1 --memory 64Gi --timeout 24h -e MODEL=llama-70b',
  ],

  async run(args, session) {
    const { out, signal } = session
    const api = await session.api()
    if (args.gpus === '0') out.note('--gpus 0 asks for no GPU; write --gpus device=0 for the first one')
    const submitted = await api.call('workload.run', requestOf(args, session.host.env), signal)
    const { id, name } = submitted
    if (args.detach) {
      await out.result({ id, name }, () => [id])
      return undefined
    }
    out.note(`${name} (${id}) is submitted`)
    return attend(api, { id, name }, session)
  },
})

interface RunArguments {
  readonly IMAGE: string | undefined
  readonly COMMAND: readonly string[]
  readonly image: string | undefined
  readonly command: string | undefined
  readonly gpus: string | undefined
  readonly 'gpu-type': string | undefined
  readonly 'gpu-memory': string | undefined
  readonly memory: string | undefined
  readonly cpu: number | undefined
  readonly 'shm-size': string | undefined
  readonly env: readonly string[]
  readonly volume: readonly string[]
  readonly mount: readonly string[]
  readonly name: string | undefined
  readonly priority: string | undefined
  readonly timeout: string | undefined
  readonly 'stop-grace': string | undefined
  readonly node: string | undefined
  readonly label: readonly string[]
  readonly executor: string | undefined
  readonly 'idempotency-key': string | undefined
}

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

function requestOf(args: RunArguments, env: Readonly<Record<string, string | undefined>>) {
  const { image, command: words } = imageAndCommand(args)
  const selector = pairsOf(args.label, '--label')
  return {
    image,
    command: words,
    env: args.env.flatMap((pair) => pairsFrom(pair, env)),
    volumes: [...args.volume, ...args.mount],
    ...{ gpus: args.gpus, gpuType: args['gpu-type'], gpuMemory: args['gpu-memory'] },
    ...{ memory: args.memory, cpu: args.cpu, shmSize: args['shm-size'] },
    ...{ name: args.name, timeout: args.timeout, stopGrace: args['stop-grace'], node: args.node },
    priority: priorityOf(args.priority),
    nodeSelector: Object.keys(selector).length === 0 ? undefined : selector,
    executor: args.executor as 'docker' | 'process' | 'simulated' | undefined,
    idempotencyKey: args['idempotency-key'],
  }
}

/** A name alone takes the value from here; one that has none here is left out, as `docker run` does it. */
function pairsFrom(pair: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (pair.includes('=') || pair === '') return [pair]
  const value = env[pair]
  return value === undefined ? [] : [`${pair}=${value}`]
}

/** With --image, every word is part of the command. */
function imageAndCommand({ IMAGE, COMMAND, image, command: text }: RunArguments): {
  readonly image: string
  readonly command: string | string[] | undefined
} {
  const words = image === undefined || IMAGE === undefined ? [...COMMAND] : [IMAGE, ...COMMAND]
  const wanted = image ?? IMAGE
  if (wanted === undefined) throw invalid('no image is named: write run IMAGE, or run --image IMAGE')
  if (text !== undefined && words.length > 0)
    throw invalid('there are two commands: --command, and words behind the image')
  return { image: wanted, command: text ?? (words.length === 0 ? undefined : words) }
}

function priorityOf(text: string | undefined): 'low' | 'normal' | 'high' | number | undefined {
  if (text === undefined || text === 'low' || text === 'normal' || text === 'high') return text
  if (/^\d+$/.test(text)) return Number(text)
  throw invalid(`--priority ${text} is none of low, normal, high, or 0 to 1000`)
}
