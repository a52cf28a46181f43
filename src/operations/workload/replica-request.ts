/** How people write what every replica of a deployment is, and what changes of it are over what was there. */
import type { z } from 'zod'
import type { WorkloadSpec as Spec } from '../../model/workload.ts'
import { WorkloadSpec } from '../../model/workload.ts'
import { probeKinds } from '../../model/probe.ts'
import { parseInput } from '../input.ts'
import { executorOf } from './container-request.ts'
import { secretsOver } from './secret-request.ts'
import { specOf, WorkloadRequest } from './workload-request.ts'

/** What a replica is: all that can be said of a workload but how many of it there are. */
const replicaRequest = WorkloadRequest.omit({
  ...{ name: true, detach: true, strategy: true },
  ...{ replicas: true, nodes: true, gang: true, array: true },
})
export const replicaFields = replicaRequest.shape

/** What is said of replicas; `placement` is what workloads call their strategy. */
type Changes = { readonly [Key in keyof Said]?: Said[Key] | undefined } & {
  readonly placement?: Spec['strategy'] | undefined
}
type Said = z.output<typeof replicaRequest>
type Key = keyof typeof replicaFields | 'placement'

/** Where in a spec it is that a key of a request speaks of. */
const places: Readonly<Record<Exclude<Key, 'image'>, keyof Spec>> = {
  ...{ command: 'command', entrypoint: 'entrypoint', workdir: 'workdir', user: 'user' },
  ...{ stdin: 'stdin', stdinOnce: 'stdinOnce', tty: 'tty' },
  ...{ readOnly: 'readOnly', tmpfs: 'tmpfs', privileges: 'privileges', isolation: 'isolation', sandbox: 'sandbox' },
  ...{ annotations: 'annotations', env: 'env', volumes: 'mounts', labels: 'labels', nodeSelector: 'nodeSelector' },
  ...{ gpus: 'gpus', gpuType: 'gpus', gpuMemory: 'gpus', gpuMig: 'gpus', gpuShare: 'gpus' },
  ...{ minDriver: 'gpus', minComputeCapability: 'gpus' },
  ...{ memory: 'memoryMib', cpu: 'cpus', shmSize: 'shmMib', disk: 'diskMib', namespace: 'namespace' },
  ...{ priority: 'priority', timeout: 'timeoutMs', stopGrace: 'stopGraceMs', node: 'node', executor: 'executor' },
  ...{ tolerations: 'tolerations', near: 'near', apart: 'apart', placement: 'strategy', restart: 'restart' },
  ...{ after: 'dependencies', afterOk: 'dependencies', afterAny: 'dependencies', onPartition: 'onPartition' },
  ...{ checkpoint: 'checkpoint', network: 'network', pull: 'pull', imagePullPolicy: 'pull' },
  ...{ ports: 'ports', health: 'health' },
  ...{ secrets: 'secrets', configs: 'configs', secretEnv: 'plainEnv', envPlain: 'plainEnv' },
}

/** Only the keys of a workload, and only those that say something. */
export const replicaPart = (request: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(request).filter(([key, value]) => key in replicaFields && key !== 'image' && value !== undefined),
  )

/** What is said goes over what was there, also when it is what would be without a word; what is not said stays. */
export function specOver(changes: Changes, before: Spec): Spec {
  const { image = before.image, placement, ports = before.ports?.map((port) => ({ ...port })) } = changes
  const said = specOf({ ...replicaPart(changes), image, ports, strategy: placement })
  const keys = Object.entries(places).filter(([key]) => changes[key as Key] !== undefined)
  const merged = Object.fromEntries(keys.map(([, place]) => [place, mergedAt(place, { before, said, changes })]))
  // Being without a network is said with the same word, and stands apart from it.
  const offline = changes.network === undefined ? {} : { offline: said.offline }
  const whole: Partial<Spec> = { ...before, image, ...merged, ...offline, ...secretsOver(before, said) }
  const all = { ...whole, executor: executorOf(whole, whole.executor) }
  return parseInput(WorkloadSpec, Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)))
}

interface Both {
  readonly before: Spec
  readonly said: Spec
  readonly changes: Changes
}

/** What is put together from what was and what is said; everything else is replaced. */
const merges: { readonly [Place in keyof Spec]?: (both: Both) => Spec[Place] } = {
  labels: ({ before, said }) => ({ ...before.labels, ...said.labels }),
  nodeSelector: ({ before, said }) => ({ ...before.nodeSelector, ...said.nodeSelector }),
  annotations: ({ before, said }) => ({ ...before.annotations, ...said.annotations }),
  gpus: gpusOf,
  health: healthOf,
  dependencies: dependenciesOf,
}

function mergedAt(place: keyof Spec, both: Both): unknown {
  const merge = merges[place]
  return merge === undefined ? both.said[place] : merge(both)
}

/** Whoever wants none wants none of a kind either. A MIG profile takes the place of a share, and a share that of a profile. */
function gpusOf({ before, said, changes }: Both): Spec['gpus'] {
  const isCounted = changes.gpus !== undefined
  if (isCounted && said.gpus.count === 0) return said.gpus
  const { devices, mig, share, ...kept } = before.gpus
  const isCut = (changes.gpuMig ?? changes.gpuShare) !== undefined
  return {
    ...kept,
    ...(isCut ? {} : { mig, share }),
    ...(isCounted || devices?.length === 0 ? {} : { devices }),
    ...said.gpus,
    count: isCounted || kept.count === 0 ? said.gpus.count : kept.count,
  }
}

/** Probe by probe. The two words of a short spec change when those that there are ask, not what. */
function healthOf({ before, said, changes }: Both): Spec['health'] {
  const { checkIntervalSecs: interval, startupTimeoutSecs: startup, ...named } = changes.health ?? {}
  const probes = probeKinds.flatMap((kind) => {
    const had = before.health?.[kind]
    const asked = said.health?.[kind]
    const usual = before.health?.startup ?? before.health?.readiness ?? before.health?.liveness
    if (kind === 'startup' && startup !== undefined && named.startup === undefined && asked !== undefined)
      return [[kind, { ...asked, check: usual?.check ?? asked.check }] as const]
    if (named[kind] !== undefined || had === undefined) return asked === undefined ? [] : [[kind, asked] as const]
    return [[kind, interval === undefined ? had : { ...had, everyMs: Math.round(interval * 1_000) }] as const]
  })
  return probes.length === 0 ? undefined : Object.fromEntries(probes)
}

/** Each condition by itself; one that is said to hold for nobody is gone. */
function dependenciesOf({ before, said, changes }: Both): Spec['dependencies'] {
  const kept = (before.dependencies ?? []).filter(({ condition }) => changes[condition] === undefined)
  const all = [...kept, ...(said.dependencies ?? [])]
  return all.length === 0 ? undefined : all
}
