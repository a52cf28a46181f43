/** Some peers with a control plane each, over a fake consensus or the one given, on a simulated network. */
import type { Consensus, Machine } from '../../src/services/consensus/types.ts'
import { ControlService } from '../../src/services/control/service.ts'
import { ReplicatedState } from '../../src/services/control/replicated-state.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { silent } from '../../src/ports/log.ts'
import type { SimNetwork } from '../../src/simulation/network.ts'
import { FakeMetrics } from './fake-metrics.ts'

export interface ControlPeer {
  readonly id: NodeId
  readonly machine: ReplicatedState
  readonly metrics: FakeMetrics
  readonly consensus: Consensus
  readonly control: ControlService
}

export interface PeerDeps {
  readonly network: SimNetwork
  readonly join: (node: NodeId, machine: Machine) => Consensus
}

export async function controlPeer(id: NodeId, { network, join }: PeerDeps): Promise<ControlPeer> {
  const metrics = new FakeMetrics()
  const machine = new ReplicatedState({ log: silent, metrics })
  const consensus = join(id, machine)
  const { clock, rpc } = network.host(id)
  const control = new ControlService({ self: id, clock, log: silent, rpc, consensus, machine })
  await control.start()
  return { id, machine, metrics, consensus, control }
}

/** A signal that ends after so much virtual time. */
export function deadline(clock: { after(wait: number, run: () => void): unknown }, ms: number): AbortSignal {
  const controller = new AbortController()
  clock.after(ms, () => controller.abort())
  return controller.signal
}
