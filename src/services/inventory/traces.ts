/** Looks at devices of this host now: on which of them something is left of whoever had them before. */
import type { Assigned } from '../../core/agent/view.ts'
import type { GpuDevice } from '../../model/gpu.ts'
import { type Trace, traceOn, unknownTrace } from '../../model/gpu-traces.ts'
import { ClawError } from '../../model/failure.ts'
import { isLeased } from '../../model/lease-mark.ts'
import { type Millis, second } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GpuProbe } from '../../ports/probe.ts'

export interface TracesDeps {
  readonly probes: { readonly gpus: readonly GpuProbe[] }
  /** As they were found last; null before the first look. */
  readonly devices: () => readonly GpuDevice[] | null
}

/** Simulated devices have a vendor's name, and no tool of his knows them. */
const isKnownTo = ({ vendor }: GpuProbe, device: GpuDevice): boolean =>
  vendor === (device.simulated ? 'simulated' : device.vendor)

/** Only those that are not clean. What nobody can tell of a device counts against it. */
export async function tracesOn(
  { probes, devices }: TracesDeps,
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Trace>> {
  const wanted = new Set(uuids)
  const known = (devices() ?? []).filter(({ uuid }) => wanted.has(uuid))
  const found = await Promise.all(
    probes.gpus.map(async (probe) => {
      const own = known.filter((device) => isKnownTo(probe, device))
      return own.length === 0 ? [] : tracesBy(probe, own, signal)
    }),
  )
  const told = new Map(found.flat())
  const traces = uuids.map((uuid) => [uuid, told.get(uuid)] as const)
  return new Map(
    traces.flatMap(([uuid, trace]) =>
      trace === null ? [] : [[uuid, trace ?? unknownTrace('this node has no such device')] as const],
    ),
  )
}

async function tracesBy(
  probe: GpuProbe,
  devices: readonly GpuDevice[],
  signal: AbortSignal,
): Promise<readonly (readonly [string, Trace | null])[]> {
  const { samples, problem } = await (probe.look?.(
    devices.map(({ uuid }) => uuid),
    signal,
  ) ?? probe.sample(signal))
  return devices.map((device) => {
    if (problem !== null) return [device.uuid, unknownTrace(problem)]
    return [
      device.uuid,
      traceOn(
        samples.find(({ uuid }) => uuid === device.uuid),
        device,
      ),
    ]
  })
}

/** Work that had to give way has left its devices by then. */
const patience: Millis = 10 * second
const pause: Millis = second

/** Returns when a guest can be given the devices of its lease; the owner's own work is given what there is. Throws as awaitClean does. */
export async function admitGuest(
  deps: TracesDeps & { readonly clock: Clock },
  { spec, placement }: Pick<Assigned, 'spec' | 'placement'>,
  signal: AbortSignal,
): Promise<void> {
  if (isLeased(spec)) await awaitClean(deps, placement.devices, signal)
}

/** Returns when nothing is left on any of them. Throws GPU_UNCLEAN when that takes too long, and the signal's reason. */
async function awaitClean(
  deps: TracesDeps & { readonly clock: Clock },
  uuids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps
  for (const begun = clock.elapsed(); ;) {
    const [first] = await tracesOn(deps, uuids, signal)
    signal.throwIfAborted()
    if (first === undefined) return
    const [device, { kind, detail }] = first
    // A tool that hangs is not asked again and again.
    if (kind === 'unknown' || clock.elapsed() - begun >= patience)
      throw new ClawError('GPU_UNCLEAN', { device, detail })
    await new Promise<void>((resolve) => void clock.after(pause, resolve))
  }
}
