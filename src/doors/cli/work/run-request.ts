/** What `run` can be told of a workload, and the request that it makes of it. */
import type { Sandbox } from '../../../model/container-profile.ts'
import { networks, sandboxes } from '../../../model/container-profile.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Arguments, OptionSpec, PositionalSpec } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'

export const runPositionals = {
  IMAGE: { about: 'Container image', optional: true },
  COMMAND: { about: 'Command and its arguments, behind --', optional: true, rest: true },
} as const satisfies Readonly<Record<string, PositionalSpec>>

export const runOptions = {
  image: { kind: 'text', value: 'IMAGE', about: 'Container image, when it is not the first word' },
  command: { kind: 'text', value: 'TEXT', about: 'Command as one text, when it does not follow --' },
  entrypoint: { kind: 'text', value: 'TEXT', about: 'What runs instead of the entrypoint of the image' },
  workdir: { kind: 'text', value: 'DIR', about: 'Directory in the container that it starts in' },
  user: { kind: 'text', value: 'USER[:GROUP]', about: 'User in the container' },
  'read-only': { kind: 'flag', about: 'It writes only to what is mounted' },
  tmpfs: { kind: 'list', value: 'DIR[:SIZE]', about: 'Folder in memory, such as /cache:512Mi' },
  privilege: {
    kind: 'list',
    value: 'WORD',
    about: 'Beyond what containers have, if you may: privileged, host-pid, host-ipc, host-paths, or cap-NET_ADMIN',
  },
  sandbox: {
    kind: 'text',
    value: 'WORD',
    choices: sandboxes,
    about: 'A kernel of its own (gvisor or kata), on a node whose engine has that runtime',
  },
  isolation: {
    kind: 'text',
    value: 'WORD',
    choices: ['own', 'guest'],
    about: 'own, as when left out, or fenced in as work of strangers is (guest)',
  },
  stdin: { kind: 'flag', short: 'i', about: 'Keep its standard input open: yours, or with -d for clawbernetes attach' },
  tty: { kind: 'flag', short: 't', about: 'Give it a terminal' },
  gpus: {
    kind: 'text',
    short: 'g',
    value: 'N',
    about: 'How many GPUs: 4. Exact ones of a node: device=0,1 (or 0,1)',
  },
  'gpu-type': { kind: 'text', value: 'MODEL', about: 'Model or family of the GPUs, such as H100' },
  'gpu-memory': { kind: 'text', value: 'SIZE', about: 'Least memory of each GPU' },
  mig: { kind: 'text', value: 'PROFILE', about: 'MIG instances of this profile, such as 1g.10gb, and no whole GPUs' },
  'gpu-share': {
    kind: 'text',
    value: 'SIZE',
    about: 'Only so much of the memory of each GPU, such as 8Gi, beside others; where the host’s owner allows it',
  },
  'min-driver': { kind: 'text', value: 'VERSION', about: 'Oldest GPU driver that will do, such as 550.54' },
  'min-compute-capability': { kind: 'text', value: 'VERSION', about: 'Least CUDA compute capability, such as 8.0' },
  memory: { kind: 'text', short: 'm', value: 'SIZE', about: 'Memory limit: 64Gi, 512m; a bare number is MiB' },
  cpu: { kind: 'number', value: 'CORES', about: 'CPU limit, such as 2.5' },
  'shm-size': { kind: 'text', value: 'SIZE', about: 'Size of /dev/shm, such as 2g' },
  disk: { kind: 'text', value: 'SIZE', about: 'Free disk that the node must have, such as 200g' },
  env: {
    kind: 'list',
    short: 'e',
    value: 'K=V',
    about: 'Environment variable; K alone takes the value from here, if any',
  },
  'env-plain': {
    kind: 'list',
    value: 'K=V',
    about: 'Environment variable that is no secret, although it is called like one, such as *_KEY or *_TOKEN',
  },
  secret: { kind: 'list', value: 'ENV=SECRET', about: 'Secret of the mesh as a variable; SECRET:3 for its version 3' },
  'secret-mount': { kind: 'list', value: 'PATH=SECRET', about: 'Secret of the mesh as a file, in memory only' },
  config: { kind: 'list', value: 'CONFIG', about: 'Config map, each key as a variable' },
  'config-mount': { kind: 'list', value: 'PATH=CONFIG', about: 'Config map, each key as a file in this folder' },
  volume: { kind: 'list', short: 'v', value: 'HOST:DIR[:ro]', about: 'Directory or volume of the node to mount' },
  mount: { kind: 'list', value: 'HOST:DIR[:ro]', about: 'Same as --volume' },
  name: { kind: 'text', value: 'NAME', about: 'Name to call it by' },
  namespace: { kind: 'text', value: 'NAME', about: 'Whose work it is; $CLAWBERNETES_NAMESPACE or default if left out' },
  priority: { kind: 'text', value: 'LEVEL', about: 'low, normal, high, or 0 to 1000' },
  timeout: { kind: 'text', value: 'TIME', about: 'Stop it after this long: 30m, 24h' },
  'stop-grace': { kind: 'text', value: 'TIME', about: 'From the request to stop to the kill; 10s if left out' },
  node: { kind: 'text', value: 'NODE', about: 'Run it on this node only' },
  'node-label': { kind: 'list', value: 'K=V', about: 'Run it only on nodes with this label' },
  label: { kind: 'list', value: 'K=V', about: 'Label of the workload itself, for --near and --apart of others' },
  annotation: { kind: 'list', value: 'K=V', about: 'Note of your own, which means nothing to the mesh' },
  toleration: {
    kind: 'list',
    value: 'TAINT',
    about: 'Taint that does not keep it away: KEY, KEY=VALUE, KEY:EFFECT or KEY=VALUE:EFFECT',
  },
  near: { kind: 'list', value: 'K=V,…', about: 'Run it only where work with these labels runs' },
  apart: { kind: 'list', value: 'K=V,…', about: 'Run it only where no work with these labels runs' },
  strategy: {
    kind: 'text',
    value: 'WORD',
    choices: ['pack', 'spread'],
    about: 'Fill nodes one after the other (pack, as when left out) or share the load out (spread)',
  },
  restart: {
    kind: 'text',
    value: 'POLICY',
    about: 'When it ends: no, on-failure (3 retries), on-failure:N, or always',
  },
  'retry-backoff': {
    kind: 'text',
    value: 'TIME',
    about: 'Pause before the first retry, then doubled; 10s if left out',
  },
  after: { kind: 'list', value: 'WORKLOAD', about: 'Wait until this other workload has started' },
  'after-ok': { kind: 'list', value: 'WORKLOAD', about: 'Wait until it has completed; fail if it does not' },
  'after-any': { kind: 'list', value: 'WORKLOAD', about: 'Wait until it has ended, however that was' },
  'on-partition': {
    kind: 'text',
    value: 'WORD',
    choices: ['continue', 'stop', 'replace'],
    about:
      'When its node is cut off: leave it (continue, as when left out), end it and place it again, or place it again at once',
  },
  'checkpoint-signal': { kind: 'text', value: 'NAME', about: 'Signal that tells it to save, such as USR1' },
  'checkpoint-path': {
    kind: 'text',
    value: 'DIR',
    about: 'Where it saves, told as CLAW_CHECKPOINT_PATH; mount it with --volume, or it ends with the container',
  },
  'checkpoint-interval': { kind: 'text', value: 'TIME', about: 'Have it save this often while it runs: 10s or more' },
  'checkpoint-save': {
    kind: 'text',
    value: 'TIME',
    about: 'How long it may save before it leaves its node; its --stop-grace if left out',
  },
  replicas: { kind: 'number', value: 'N', about: 'So many of the same, wherever there is room' },
  nodes: { kind: 'number', value: 'N', about: 'So many of the same, each on a node of its own' },
  gang: {
    kind: 'flag',
    about:
      'With --replicas or --nodes: all start together or none does, near each other; torchrun finds them by itself',
  },
  array: {
    kind: 'text',
    value: 'N[%M]',
    about: 'So many of the same, each with its number in CLAW_INDEX; at most M of them at a time',
  },
  network: {
    kind: 'text',
    value: 'WORD',
    choices: networks,
    about: 'bridge, as when left out, the network of the node itself (host), as gangs have it, or no network (none)',
  },
  port: {
    kind: 'list',
    value: 'PORT',
    about: 'Where it listens: 8080, api:8080 or 9000/tcp; the first is told as PORT',
  },
  'ready-http': { kind: 'text', value: 'PATH', about: 'It is ready while this path of its first port answers' },
  'ready-cmd': { kind: 'text', value: 'TEXT', about: 'It is ready while this command inside it ends with 0' },
  'live-http': { kind: 'text', value: 'PATH', about: 'It is ended when this path of its first port answers no more' },
  'live-cmd': { kind: 'text', value: 'TEXT', about: 'It is ended when this command inside it fails' },
  'probe-every': { kind: 'text', value: 'TIME', about: 'Pause between these checks; 10s if left out' },
  pull: {
    kind: 'text',
    value: 'WHEN',
    choices: ['missing', 'always', 'never'],
    about:
      'Take the image only where it is missing (as when left out), always the one that its registry has now, or never',
  },
  executor: { kind: 'text', value: 'KIND', choices: ['docker', 'process', 'simulated'], about: 'What shall run it' },
} as const satisfies Readonly<Record<string, OptionSpec>>

type RunArguments = Arguments<typeof runPositionals, typeof runOptions>

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** The request that these words make. `env` is the caller's own. Throws INVALID_REQUEST for words that make none. */
export function requestOf(args: RunArguments, env: Readonly<Record<string, string | undefined>>) {
  const { image, ...said } = saidOf(args, env)
  if (image === undefined) throw invalid('no image is named: write run IMAGE, or run --image IMAGE, or run --file FILE')
  return { image, ...said, namespace: said.namespace ?? (env['CLAWBERNETES_NAMESPACE'] || undefined) }
}

/** What these words say, which need not be all that it takes: they may go over what a file says. */
export function saidOf(args: RunArguments, env: Readonly<Record<string, string | undefined>>) {
  const { image, command: words } = imageAndCommand(args)
  return {
    image,
    command: words,
    ...{ entrypoint: args.entrypoint, workdir: args.workdir, user: args.user },
    ...fenceOf(args),
    ...{ stdin: args.stdin ? true : undefined, tty: args.tty ? true : undefined },
    annotations: unlessEmpty(pairsOf(args.annotation, '--annotation')),
    env: [...args.env, ...args['env-plain']].flatMap((pair) => pairsFrom(pair, env)),
    envPlain: unlessEmpty(args['env-plain'].map((pair) => pair.split('=')[0] ?? pair)),
    secrets: unlessEmpty([...placed(args.secret, '--secret'), ...placed(args['secret-mount'], '--secret-mount')]),
    configs: unlessEmpty([...args.config, ...placed(args['config-mount'], '--config-mount')]),
    volumes: [...args.volume, ...args.mount],
    ...{ gpus: args.gpus, gpuType: args['gpu-type'], gpuMemory: args['gpu-memory'], gpuMig: args.mig },
    gpuShare: args['gpu-share'],
    ...{ minDriver: args['min-driver'], minComputeCapability: args['min-compute-capability'] },
    ...{ memory: args.memory, cpu: args.cpu, shmSize: args['shm-size'], disk: args.disk },
    ...{ name: args.name, timeout: args.timeout, stopGrace: args['stop-grace'], node: args.node },
    namespace: args.namespace,
    priority: priorityOf(args.priority),
    ...placementOf(args),
    checkpoint: checkpointOf(args),
    ...{ replicas: args.replicas, nodes: args.nodes, gang: args.gang ? true : undefined, array: args.array },
    network: args.network as (typeof networks)[number] | undefined,
    ...{ ports: unlessEmpty([...args.port]), health: healthOf(args) },
    pull: args.pull as 'missing' | 'always' | 'never' | undefined,
    executor: args.executor as 'docker' | 'process' | 'simulated' | undefined,
  }
}

/** Throws INVALID_REQUEST for a variable where a file is meant, and the other way round. */
function placed(words: readonly string[], option: string): readonly string[] {
  const isFile = option.endsWith('-mount')
  const wrong = words.find((word) => word.startsWith('/') !== isFile || !word.includes('='))
  if (wrong === undefined) return words
  throw invalid(`${option} ${wrong.slice(0, 64)} is not ${isFile ? '/PATH=NAME' : 'ENV=NAME'}`)
}

const unlessEmpty = <T extends object>(all: T): T | undefined => (Object.keys(all).length === 0 ? undefined : all)

function placementOf(args: RunArguments) {
  return {
    nodeSelector: unlessEmpty(pairsOf(args['node-label'], '--node-label')),
    labels: unlessEmpty(pairsOf(args.label, '--label')),
    tolerations: unlessEmpty([...args.toleration]),
    near: unlessEmpty([...args.near]),
    apart: unlessEmpty([...args.apart]),
    strategy: args.strategy as 'pack' | 'spread' | undefined,
    restart: restartOf(args),
    after: unlessEmpty([...args.after]),
    afterOk: unlessEmpty([...args['after-ok']]),
    afterAny: unlessEmpty([...args['after-any']]),
    onPartition: args['on-partition'] as 'continue' | 'stop' | 'replace' | undefined,
  }
}

const fenceOf = (args: RunArguments) => ({
  readOnly: args['read-only'] ? true : undefined,
  tmpfs: unlessEmpty([...args.tmpfs]),
  privileges: unlessEmpty([...args.privilege]),
  isolation: args.isolation as 'own' | 'guest' | undefined,
  sandbox: args.sandbox as Sandbox | undefined,
})

function restartOf({ restart, 'retry-backoff': backoff }: RunArguments) {
  if (backoff === undefined) return restart
  if (restart === undefined) throw invalid('--retry-backoff needs --restart')
  return { policy: restart, backoff }
}

function checkpointOf(args: RunArguments) {
  const more = { path: args['checkpoint-path'], interval: args['checkpoint-interval'], save: args['checkpoint-save'] }
  const signal = args['checkpoint-signal']
  if (signal !== undefined) return { signal, ...more }
  const lonely = Object.entries(more).find(([, value]) => value !== undefined)
  if (lonely !== undefined) throw invalid(`--checkpoint-${lonely[0]} needs --checkpoint-signal`)
  return undefined
}

function healthOf(args: RunArguments) {
  const every = args['probe-every']
  const probeOf = (kind: 'ready' | 'live') => {
    const [path, command] = [args[`${kind}-http`], args[`${kind}-cmd`]]
    if (path === undefined && command === undefined) return undefined
    return { ...(path !== undefined && { http: { path } }), ...(command !== undefined && { exec: { command } }), every }
  }
  const health = { readiness: probeOf('ready'), liveness: probeOf('live') }
  if (health.readiness !== undefined || health.liveness !== undefined) return health
  if (every !== undefined) throw invalid('--probe-every needs a check, such as --ready-http /healthz')
  return undefined
}

/** A name alone takes the value from here; one that has none here is left out, as `docker run` does it. */
function pairsFrom(pair: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (pair.includes('=') || pair === '') return [pair]
  const value = env[pair]
  return value === undefined ? [] : [`${pair}=${value}`]
}

/** With --image, every word is part of the command. */
function imageAndCommand({ IMAGE, COMMAND, image, command: text }: RunArguments): {
  readonly image: string | undefined
  readonly command: string | string[] | undefined
} {
  const words = image === undefined || IMAGE === undefined ? [...COMMAND] : [IMAGE, ...COMMAND]
  const wanted = image ?? IMAGE
  if (text !== undefined && words.length > 0)
    throw invalid('there are two commands: --command, and words behind the image')
  return { image: wanted, command: text ?? (words.length === 0 ? undefined : words) }
}

function priorityOf(text: string | undefined): 'low' | 'normal' | 'high' | number | undefined {
  if (text === undefined || text === 'low' || text === 'normal' || text === 'high') return text
  if (/^\d+$/.test(text)) return Number(text)
  throw invalid(`--priority ${text} is none of low, normal, high, or 0 to 1000`)
}
