/** Hosts whose overlay is turned on, and the network that work is put on there. */
import { workloadId } from '../../src/model/ids.ts'
import type { WorkloadSpec } from '../../src/model/workload.ts'
import { spec, submit } from './control-samples.ts'
import type { OverlayHost } from './overlay-hosts.ts'
import { OverlayHosts } from './overlay-hosts.ts'
import { enableOverlay } from './overlay-samples.ts'

const noSignal = new AbortController().signal

/** Up for long enough that all is set up. */
export async function running(count: number, parts: Parameters<typeof OverlayHosts.of>[1] = {}): Promise<OverlayHosts> {
  const hosts = await OverlayHosts.of(count, parts)
  await hosts.startAll()
  await hosts.run(enableOverlay())
  await hosts.world.runFor(15_000)
  return hosts
}

let submitted = 0

/** Of work that is submitted for this; null for the engine's usual one. */
export async function networkFor(
  hosts: OverlayHosts,
  { service }: OverlayHost,
  wanted: Partial<WorkloadSpec> = {},
): Promise<string | null> {
  submitted += 1
  const id = `work-${submitted}`
  await hosts.run(submit(id))
  const workload = hosts.control.state.workloads.get(workloadId(id))
  if (workload === undefined) throw new Error('it was not taken')
  return hosts.played(service.networkFor({ ...workload, spec: spec(wanted) }, noSignal))
}
