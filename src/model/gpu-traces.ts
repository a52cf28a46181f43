/** Whether a device can be given to a stranger: nothing is left on it of whoever had it before, as far as its tool can tell. */
import type { GpuDevice, GpuSample } from './gpu.ts'

export const traceKinds = ['processes', 'memory', 'errors', 'unknown'] as const

/** What is left on a device, or that nobody can say what is. */
export interface Trace {
  readonly kind: (typeof traceKinds)[number]
  /** In words, for people. */
  readonly detail: string
}

export type TracedSample = Pick<GpuSample, 'memoryUsedMib' | 'eccUncorrected' | 'health' | 'processes'>

/** A driver takes some memory for itself: up to a twentieth of what there is is nobody's, and no more than this. */
const mostOfDriver = 1_024

/** Null for a clean one. What its tool does not tell is not known to be clean. */
export function traceOn(sample: TracedSample | undefined, { memoryMib }: Pick<GpuDevice, 'memoryMib'>): Trace | null {
  if (sample === undefined) return unknownTrace('its tool does not show it')
  const { memoryUsedMib, eccUncorrected, health, processes } = sample
  if (health === 'failed') return { kind: 'errors', detail: 'it has failed' }
  if ((eccUncorrected ?? 0) > 0)
    return { kind: 'errors', detail: `${eccUncorrected} errors of its memory could not be corrected` }
  if (processes.length > 0) return { kind: 'processes', detail: `${processes.length} processes use it` }
  if (memoryUsedMib === null) return unknownTrace('its tool does not tell how much of its memory is in use')
  return memoryUsedMib > Math.min(memoryMib / 20, mostOfDriver)
    ? { kind: 'memory', detail: `${memoryUsedMib} MiB of its memory are in use` }
    : null
}

export const unknownTrace = (detail: string): Trace => ({ kind: 'unknown', detail })
