/** A Compose service as the fields of a request, but for its ports, its environment and what it depends on. */
import type { ComposeDevice, ComposeFile, ComposeService } from './compose-schema.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { field } from './request.ts'
import type { Path, Tree } from './tree.ts'
import { pathInWords, placeOf } from './tree.ts'

interface Around {
  readonly path: Path
  readonly tree: Tree
  /** A path beside the Compose file, as an absolute one. */
  readonly resolve: (path: string) => string
  /** What the file says of names of secrets. */
  readonly secrets: NonNullable<ComposeFile['secrets']>
}

const refuse = ({ tree }: Pick<Around, 'tree'>, path: Path, why: string): SpecProblem =>
  new SpecProblem({ at: placeOf(tree, path), text: `${pathInWords(path)} ${why}` })

/** Throws SpecProblem. */
export function serviceFields(service: ComposeService, around: Around): readonly Field[] {
  const { path } = around
  return [
    field('image', service.image, ...path, 'image'),
    field('command', service.command ?? undefined, ...path, 'command'),
    field('entrypoint', service.entrypoint ?? undefined, ...path, 'entrypoint'),
    field('workdir', service.working_dir, ...path, 'working_dir'),
    field('user', service.user, ...path, 'user'),
    field('stdin', service.stdin_open, ...path, 'stdin_open'),
    field('tty', service.tty, ...path, 'tty'),
    field('labels', pairsOf(service.labels, [...path, 'labels'], around), ...path, 'labels'),
    field('annotations', pairsOf(service.annotations, [...path, 'annotations'], around), ...path, 'annotations'),
    field('network', service.network_mode, ...path, 'network_mode'),
    field('stopGrace', service.stop_grace_period, ...path, 'stop_grace_period'),
    field('pull', pullOf(service.pull_policy), ...path, 'pull_policy'),
    field(
      'volumes',
      service.volumes?.map((one, index) => mountOf(one, index, around)),
      ...path,
      'volumes',
    ),
    field('secrets', service.secrets?.map(secretOf(around)), ...path, 'secrets'),
    field('shmSize', sizeOf(service.shm_size), ...path, 'shm_size'),
    field('readOnly', service.read_only, ...path, 'read_only'),
    field('tmpfs', tmpfsOf(service.tmpfs, around), ...path, 'tmpfs'),
    ...limitFields(service, around),
    ...gpuFields(service, around),
    field('health', healthOf(service.healthcheck, around), ...path, 'healthcheck'),
  ]
}

const pullOf = (policy: ComposeService['pull_policy']): string | undefined =>
  policy === 'if_not_present' ? 'missing' : policy

/** A file in /run/secrets, unless its target is a path itself. */
const secretOf =
  ({ secrets }: Around) =>
  (one: NonNullable<ComposeService['secrets']>[number]): object => {
    const { source, target = source } = typeof one === 'string' ? { source: one } : one
    return { path: target.startsWith('/') ? target : `/run/secrets/${target}`, secret: secrets[source]?.name ?? source }
  }

function pairsOf(
  pairs: ComposeService['labels'],
  path: Path,
  around: Pick<Around, 'tree'>,
): Readonly<Record<string, string>> | undefined {
  if (pairs === undefined) return undefined
  if (!Array.isArray(pairs))
    return Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, String(value ?? '')]))
  return Object.fromEntries(
    pairs.map((pair, index) => {
      const cut = pair.indexOf('=')
      if (cut === 0) throw refuse(around, [...path, index], 'names nothing')
      return cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)]
    }),
  )
}

/** Of the options behind the colon, only the size means something here. */
function tmpfsOf(tmpfs: ComposeService['tmpfs'], around: Around): readonly string[] | undefined {
  if (tmpfs === undefined) return undefined
  return (Array.isArray(tmpfs) ? tmpfs : [tmpfs]).map((folder) => {
    const [, target, size] = /^([^:]+)(?::size=(\w+))?$/.exec(folder) ?? []
    if (target === undefined)
      throw refuse(around, [...around.path, 'tmpfs'], `“${folder}” is not such as /tmp or /cache:size=512m`)
    return size === undefined ? target : `${target}:${String(sizeOf(size))}`
  })
}

/** Compose counts bytes where no unit is given. */
function sizeOf(size: string | number | undefined): string | number | undefined {
  if (size === undefined) return undefined
  const text = String(size).trim()
  return /^\d+$/.test(text) ? Math.max(1, Math.ceil(Number(text) / 1_048_576)) : text
}

function mountOf(mount: NonNullable<ComposeService['volumes']>[number], index: number, around: Around): string {
  const path = [...around.path, 'volumes', index]
  if (typeof mount !== 'string') {
    const { type, source, target, read_only: readOnly } = mount
    if (source === undefined) throw refuse(around, path, 'needs a source: name the volume')
    const from = type === 'bind' ? around.resolve(source) : source
    return `${from}:${target}${readOnly === true ? ':ro' : ''}`
  }
  const [source = '', target, ...modes] = mount.split(':')
  if (target === undefined) throw refuse(around, path, 'names no volume: write NAME:DIRECTORY')
  const mode = modes.join(':')
  if (!['', 'ro', 'rw'].includes(mode)) throw refuse(around, path, `ends with ${mode}: write ro, or nothing`)
  const from = /^[./~]/.test(source) ? around.resolve(source) : source
  return `${from}:${target}${mode === 'ro' ? ':ro' : ''}`
}

function limitFields({ mem_limit: memory, cpus, deploy }: ComposeService, { path }: Around): readonly Field[] {
  const limits = deploy?.resources?.limits ?? {}
  const below = [...path, 'deploy', 'resources', 'limits'] as const
  const coresOf = (value: string | number | undefined) => (value === undefined ? undefined : Number(value))
  return [
    field('memory', sizeOf(memory), ...path, 'mem_limit'),
    field('memory', sizeOf(limits.memory), ...below, 'memory'),
    field('cpu', coresOf(cpus), ...path, 'cpus'),
    field('cpu', coresOf(limits.cpus), ...below, 'cpus'),
  ]
}

function gpuFields({ gpus, deploy }: ComposeService, around: Around): readonly Field[] {
  if (gpus === 'all') throw refuse(around, [...around.path, 'gpus'], 'is all: say how many, nodes differ')
  const below = [...around.path, 'deploy', 'resources', 'reservations', 'devices', 0]
  return [
    deviceField(gpus?.[0], [...around.path, 'gpus', 0], around),
    deviceField(deploy?.resources?.reservations?.devices?.[0], below, around),
  ].flatMap((one) => one ?? [])
}

function deviceField(device: ComposeDevice | undefined, path: Path, around: Around): Field | null {
  if (device === undefined) return null
  const { driver, count, device_ids: ids, capabilities = ['gpu'] } = device
  if (!capabilities.includes('gpu')) throw refuse(around, path, 'is no GPU: its capabilities must include gpu')
  if (driver !== undefined && driver !== 'nvidia')
    throw refuse(
      around,
      [...path, 'driver'],
      'can be nvidia only: which GPUs it may be is said with gpuType in a workload.yaml',
    )
  if (ids !== undefined && count !== undefined) throw refuse(around, [...path, 'count'], 'does not go with device_ids')
  if (ids !== undefined) return field('gpus', `device=${ids.join(',')}`, ...path, 'device_ids')
  if (count === 'all' || count === undefined)
    throw refuse(around, count === undefined ? path : [...path, 'count'], 'must say how many GPUs: nodes differ')
  return field('gpus', count, ...path, 'count')
}

/** As Docker counts: every 30 s, failed after 30 s, unhealthy after three. */
function healthOf(check: ComposeService['healthcheck'], around: Around): object | undefined {
  if (check === undefined || check.disable === true) return undefined
  const exec = commandOf(check.test, [...around.path, 'healthcheck', 'test'], around)
  if (exec === null) return undefined
  const { interval = '30s', timeout = '30s', retries = 3, start_period: start, start_interval: startEvery } = check
  const readiness = { exec, every: interval, timeout, failures: retries }
  if (start === undefined) return { readiness }
  return {
    startup: { exec, every: startEvery ?? '5s', timeout, failures: startTries(start, startEvery, retries) },
    readiness,
  }
}

/** So many tries as fit into the time that it is given to come up in, and those that it has after that. */
function startTries(start: string, every: string | undefined, retries: number): number {
  const [period, pause] = [seconds(start), seconds(every ?? '5s')]
  return Math.min(1_000, Math.ceil(period / Math.max(0.2, pause)) + retries)
}

const units: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001, us: 0.000_001 }

const seconds = (text: string): number =>
  Array.from(text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|m|s)/g)).reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? 's'] ?? 1),
    0,
  )

/** Null for NONE. */
function commandOf(
  test: string | readonly string[] | undefined,
  path: Path,
  around: Around,
): { readonly command: string | readonly string[] } | null {
  if (test === undefined) throw refuse(around, path.slice(0, -1), 'needs a test')
  if (typeof test === 'string') return { command: test }
  const [kind, ...rest] = test
  if (kind === 'NONE') return null
  if (kind === 'CMD-SHELL' && rest.length === 1) return { command: rest[0] ?? '' }
  if (kind === 'CMD' && rest.length > 0) return { command: rest }
  throw refuse(around, path, 'must begin with CMD, CMD-SHELL or NONE')
}
