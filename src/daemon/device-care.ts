/** Which of this host's devices are fit for guests, and keeping guests from those that are not. */
import type { AgentDeps } from '../services/agent/agent-service.ts'
import { DeviceCare } from '../services/inventory/device-care.ts'
import { admitGuest, type TracesDeps } from '../services/inventory/traces.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

export function careOf(
  { clock, log }: Ground,
  { control }: ControlPlane,
  traces: TracesDeps,
): { readonly care: DeviceCare } & Required<Pick<AgentDeps, 'admit'>> {
  const isHeld = (uuid: string): boolean =>
    control.state.holders.has(uuid) || (control.state.shares.get(uuid)?.size ?? 0) > 0
  return {
    care: new DeviceCare({ ...traces, isHeld, clock, log: log.child('device-care') }),
    admit: (workload, off) => admitGuest({ ...traces, clock }, workload, off),
  }
}
