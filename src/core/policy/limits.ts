/** What one workload of a namespace gets when it names nothing, and what it may name at most. */
import { formatMib } from '../../lib/units.ts'
import type { Namespace } from '../../model/namespace.ts'
import { deviceCount, WorkloadSpec } from '../../model/workload.ts'

/** Replicas of deployments are not to end by themselves, so no time is set for them. */
export type Lasting = 'lasting' | 'ending'

type Limits = Pick<Namespace, 'defaults' | 'maxima'> | null

/** The very spec when there is nothing to add. */
export function withDefaults(spec: WorkloadSpec, namespace: Limits, lasting: Lasting): WorkloadSpec {
  const { defaults } = namespace ?? {}
  if (defaults === undefined) return spec
  const { gpus, cpuMillis, memoryMib, timeoutMs } = defaults
  const added: Partial<WorkloadSpec> = {
    ...(cpuMillis !== undefined && spec.cpus === undefined && { cpus: cpuMillis / 1_000 }),
    ...(memoryMib !== undefined && spec.memoryMib === undefined && { memoryMib }),
    ...(timeoutMs !== undefined && spec.timeoutMs === undefined && lasting === 'ending' && { timeoutMs }),
    ...(gpus !== undefined &&
      deviceCount(spec) === 0 &&
      spec.gpus.devices === undefined && { gpus: { ...spec.gpus, count: gpus } }),
  }
  // In the order of the schema, as if whoever asks had said it: specs are compared as they are written.
  return Object.keys(added).length === 0 ? spec : WorkloadSpec.parse({ ...spec, ...added })
}

/** Which of them it breaks, in words; null when none. Work without a limit takes whatever there is, which is more than any. */
export function limitBroken(spec: WorkloadSpec, namespace: Limits, lasting: Lasting): string | null {
  const { gpus, cpuMillis, memoryMib, timeoutMs } = namespace?.maxima ?? {}
  const broken = (most: number | undefined, asked: number | undefined, what: string, words: (n: number) => string) => {
    if (most === undefined) return []
    if (asked === undefined) return [`it names no ${what}, and at most ${words(most)} is allowed`]
    return asked > most ? [`it asks for ${words(asked)} of ${what}, and at most ${words(most)} is allowed`] : []
  }
  const seconds = (ms: number): string => `${ms / 1_000} s`
  const all = [
    ...broken(gpus, deviceCount(spec), 'GPUs', String),
    ...broken(
      cpuMillis,
      spec.cpus === undefined ? undefined : Math.round(spec.cpus * 1_000),
      'CPU',
      (n) => `${n / 1_000} cores`,
    ),
    ...broken(memoryMib, spec.memoryMib, 'memory', formatMib),
    ...(lasting === 'lasting' ? [] : broken(timeoutMs, spec.timeoutMs, 'timeout', seconds)),
  ]
  return all[0] ?? null
}
