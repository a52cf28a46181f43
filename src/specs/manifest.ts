/** A Workload of apiVersion clawbernetes/v1 as the fields of a request. */
import { checked } from './check.ts'
import type { WorkloadManifest as Manifest } from './manifest-schema.ts'
import { manifestRefusals, WorkloadManifest } from './manifest-schema.ts'
import { SpecProblem } from './problem.ts'
import type { Field } from './request.ts'
import { field } from './request.ts'
import type { Path, Tree } from './tree.ts'
import { pathInWords, placeOf } from './tree.ts'

type Spec = Manifest['spec']
type Groups = Pick<
  Spec,
  'secrets' | 'gpus' | 'resources' | 'env' | 'volumes' | 'scheduling' | 'constraints' | 'networking'
>

/** Throws SpecProblem. */
export function workloadFields(tree: Tree): readonly Field[] {
  const manifest = checked(WorkloadManifest, tree, { refusals: [...manifestRefusals, ...forDeployments] })
  return fieldsOf(manifest, tree, 'strategy')
}

const forDeployments = ['service', 'ingress'].map((name) => ({
  path: `spec.${name}`,
  why: 'is for what runs all the time: say kind: Deployment',
}))

/** What both kinds have in common; they differ in what the field is called that says how it is spread over the nodes. */
export function fieldsOf(
  { metadata = {}, spec }: { readonly metadata?: Manifest['metadata']; readonly spec: Groups },
  tree: Tree,
  placement: 'strategy' | 'placement',
): readonly Field[] {
  const { gpus, resources, env, secrets, volumes, scheduling, constraints, networking, ...own } = spec
  const from: Path = ['spec']
  return [
    ...Object.entries(metadata).map(([name, value]) => field(name, value, 'metadata', name)),
    ...Object.entries(own).map(([name, value]) => field(name, value, ...from, name)),
    secretField(env, secrets),
    ...gpuFields(gpus),
    ...resourceFields(resources),
    field('env', envOf(env, tree), 'spec', 'env'),
    ...volumeFields(volumes, tree),
    ...schedulingFields(scheduling, placement),
    ...constraintFields(constraints, tree),
    ...networkingFields(networking, tree),
  ]
}

const refuse = (tree: Tree, path: Path, why: string): SpecProblem =>
  new SpecProblem({ at: placeOf(tree, path), text: `${pathInWords(path)} ${why}` })

function gpuFields(gpus: Spec['gpus']): readonly Field[] {
  const path = ['spec', 'gpus'] as const
  if (typeof gpus !== 'object') return [field('gpus', gpus, ...path)]
  const { count, type, memory, mig, share, minDriver, minComputeCapability } = gpus
  return [
    field('gpus', count, ...path, 'count'),
    field('gpuType', modelOf(type), ...path, 'type'),
    field('gpuMemory', memory, ...path, 'memory'),
    field('gpuMig', mig, ...path, 'mig'),
    field('gpuShare', share, ...path, 'share'),
    field('minDriver', minDriver, ...path, 'minDriver'),
    field('minComputeCapability', minComputeCapability, ...path, 'minComputeCapability'),
  ]
}

/** `any` is what is meant when nothing is said. */
export const modelOf = (type: string | undefined): string | undefined =>
  type?.toLowerCase() === 'any' ? undefined : type

function resourceFields(resources: Spec['resources']): readonly Field[] {
  const { cpu, memory, shmSize, disk } = resources ?? {}
  const path = ['spec', 'resources'] as const
  return [
    field('cpu', cpu === undefined ? undefined : coresOf(cpu), ...path, 'cpu'),
    field('memory', memory, ...path, 'memory'),
    field('shmSize', shmSize, ...path, 'shmSize'),
    field('disk', disk, ...path, 'disk'),
  ]
}

/** `500m` is half a core. */
const coresOf = (cpu: string | number): number =>
  typeof cpu === 'number' ? cpu : cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1_000 : Number(cpu)

function envOf(env: Spec['env'], tree: Tree): unknown {
  if (!Array.isArray(env)) return env
  return env.flatMap((one, index) => {
    if (typeof one === 'string') return [one]
    const { name, value, valueFrom } = one
    if ((value === undefined) === (valueFrom === undefined))
      throw refuse(tree, ['spec', 'env', index], 'needs either a value or valueFrom')
    return value === undefined ? [] : [`${name}=${value}`]
  })
}

/** Those of the list, and those of variables. */
function secretField(env: Spec['env'], secrets: Spec['secrets']): Field {
  const ofEnv = secretsOf(env)
  const all = [...(secrets ?? []), ...ofEnv]
  return field('secrets', all.length === 0 ? undefined : all, 'spec', secrets === undefined ? 'env' : 'secrets')
}

const secretsOf = (env: Spec['env']): readonly object[] =>
  !Array.isArray(env)
    ? []
    : env.flatMap((one) => {
        if (typeof one === 'string' || one.valueFrom === undefined) return []
        const { name, version } = one.valueFrom.secretRef
        return [{ env: one.name, secret: name, ...(version !== undefined && { version }) }]
      })

type Volume = Exclude<NonNullable<Spec['volumes']>[number], string>

function volumeFields(volumes: Spec['volumes'], tree: Tree): readonly Field[] {
  if (volumes === undefined) return []
  const mounts: string[] = []
  const fields: Field[] = []
  for (const [index, volume] of volumes.entries()) {
    const path = ['spec', 'volumes', index]
    if (typeof volume === 'string') mounts.push(volume)
    else if (volume.type === 'emptyDir') fields.push(shmOf(volume, path, tree))
    else mounts.push(mountOf(volume, path, tree))
  }
  return [...fields, field('volumes', mounts.length === 0 ? undefined : mounts, 'spec', 'volumes')]
}

function shmOf({ medium, mountPath, sizeLimit, source }: Volume, path: Path, tree: Tree): Field {
  if (source !== undefined) throw refuse(tree, [...path, 'source'], 'does not go with emptyDir')
  if (medium !== 'Memory' || mountPath !== '/dev/shm' || sizeLimit === undefined)
    throw refuse(
      tree,
      path,
      'can be an emptyDir only with medium: Memory, mountPath: /dev/shm and a sizeLimit; what a container writes elsewhere is its own anyway',
    )
  return field('shmSize', sizeLimit, ...path, 'sizeLimit')
}

function mountOf({ source, mountPath, readOnly, medium, sizeLimit }: Volume, path: Path, tree: Tree): string {
  if (source === undefined) throw refuse(tree, path, 'needs a source')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
    throw refuse(
      tree,
      [...path, 'source'],
      'names a store outside of the mesh: make a volume of it with `volume create --type s3`, and name that',
    )
  if (medium !== undefined) throw refuse(tree, [...path, 'medium'], 'goes with type: emptyDir only')
  if (sizeLimit !== undefined) throw refuse(tree, [...path, 'sizeLimit'], 'goes with type: emptyDir only')
  return `${source}:${mountPath}${readOnly === true ? ':ro' : ''}`
}

function schedulingFields(scheduling: Spec['scheduling'], name: 'strategy' | 'placement'): readonly Field[] {
  if (scheduling === undefined) return []
  const { tolerations, placement, ...own } = scheduling
  const path = ['spec', 'scheduling'] as const
  return [
    ...Object.entries(own).map(([key, value]) => field(key, value, ...path, key)),
    field(name, placement, ...path, 'placement'),
    field('tolerations', tolerations?.map(tolerationOf), ...path, 'tolerations'),
  ]
}

function tolerationOf(toleration: NonNullable<NonNullable<Spec['scheduling']>['tolerations']>[number]): unknown {
  if (typeof toleration === 'string') return toleration
  const { operator, value, ...rest } = toleration
  return operator === 'Exists' || value === undefined ? rest : { ...rest, value }
}

const policies: Readonly<Record<string, string>> = { Never: 'no', OnFailure: 'on-failure', Always: 'always' }

function constraintFields(constraints: Spec['constraints'], tree: Tree): readonly Field[] {
  if (constraints === undefined) return []
  const { timeout, stopGrace, retries, retryDelay, restartPolicy, checkpointing } = constraints
  const path = ['spec', 'constraints'] as const
  const policy = restartPolicy === undefined ? undefined : (policies[restartPolicy] ?? restartPolicy)
  if (policy === 'no' && retries !== undefined && retries > 0)
    throw refuse(tree, [...path, 'retries'], 'says that it is started again, and restartPolicy that it is not')
  if (policy === 'always' && retries !== undefined)
    throw refuse(tree, [...path, 'retries'], 'does not go with restartPolicy Always, which knows no end')
  const isRetried = policy !== undefined || (retries !== undefined && retries > 0)
  if (retryDelay !== undefined && !isRetried)
    throw refuse(tree, [...path, 'retryDelay'], 'needs retries or restartPolicy')
  const restart = { policy: policy ?? 'on-failure', maxRetries: retries, backoff: retryDelay }
  return [
    field('timeout', timeout, ...path, 'timeout'),
    field('stopGrace', stopGrace, ...path, 'stopGrace'),
    field(
      'restart',
      isRetried ? defined(restart) : undefined,
      ...path,
      policy === undefined ? 'retries' : 'restartPolicy',
    ),
    ...checkpointFields(checkpointing, tree),
  ]
}

function checkpointFields(
  checkpointing: NonNullable<Spec['constraints']>['checkpointing'],
  tree: Tree,
): readonly Field[] {
  const path = ['spec', 'constraints', 'checkpointing'] as const
  if (checkpointing === undefined || checkpointing.enabled === false) return []
  const { signal, interval, path: where, save } = checkpointing
  if (signal === undefined)
    throw refuse(
      tree,
      path,
      'needs a signal, such as USR1, that the work takes as a request to save: one that it does not handle would end it',
    )
  return [field('checkpoint', defined({ signal, interval, path: where, save }), ...path)]
}

function networkingFields(networking: Spec['networking'], tree: Tree): readonly Field[] {
  if (networking === undefined) return []
  const { ports, mode, distributed } = networking
  const path = ['spec', 'networking'] as const
  const own = [field('ports', ports, ...path, 'ports'), field('network', mode, ...path, 'mode')]
  if (distributed === undefined || distributed.enabled === false) return own
  const { worldSize } = distributed
  if (worldSize === undefined) throw refuse(tree, [...path, 'distributed'], 'needs a worldSize')
  const from = [...path, 'distributed', 'worldSize'] as const
  return [...own, field('replicas', worldSize, ...from), field('gang', true, ...from)]
}

const defined = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
