/** When a device counts as ailing or as failed: one rule for all vendors. */
import type { GpuHealth, GpuSample } from './gpu.ts'

/** Name of the throttle reason that means the device is too hot. */
export const thermal = 'thermal'

/** `failed`: the tool cannot reach it any more, or says that it needs a reset. `warning`: memory errors that could not be corrected, or too hot. */
export function gpuHealth(
  facts: { readonly isBroken: boolean } & Pick<GpuSample, 'eccUncorrected' | 'throttle'>,
): GpuHealth {
  if (facts.isBroken) return 'failed'
  return (facts.eccUncorrected ?? 0) > 0 || facts.throttle.includes(thermal) ? 'warning' : 'ok'
}

/** What can be said of a device that its tool no longer shows. */
export const lostGpu = (uuid: string): GpuSample => ({ ...unknownSample(uuid), health: 'failed' })

/** What can be said of a device whose tool gives no answer at all: nothing, and that is a bad sign. */
export const silentGpu = (uuid: string): GpuSample => ({ ...unknownSample(uuid), health: 'warning' })

/** A sample in which nothing is known. */
export const unknownSample = (uuid: string): GpuSample => ({
  uuid,
  utilization: null,
  memoryUsedMib: null,
  temperatureC: null,
  powerW: null,
  powerLimitW: null,
  smClockMhz: null,
  eccUncorrected: null,
  throttle: [],
  health: 'ok',
  processes: [],
})
