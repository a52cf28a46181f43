/** What operations see of this host, put together from its services. */
import { reasonOf } from '../../core/scheduler/explain.ts'
import { snapshotOf } from '../../core/scheduler/snapshot.ts'
import { defaultScheduling } from '../../core/scheduler/types.ts'
import { waitingWith } from '../../core/state/groups.ts'
import type { Dial } from '../../ports/dial.ts'
import type { HostProbe } from '../../ports/probe.ts'
import type { LogKeeper } from '../../services/logs/log-keeper.ts'
import type { AgentService } from '../../services/agent/agent-service.ts'
import type { InventoryReporter } from '../../services/agent/inventory-reporter.ts'
import { observer } from '../../services/gateway/observe.ts'
import type { AgentView, HostView, LogsView, OperationContext } from '../context.ts'

export const agentViewOf = (agent: AgentService, dial: Dial): AgentView => ({
  tasks: () => agent.tasks().map(({ status }) => status),
  stats: (placement, signal) => agent.stats(placement, signal),
  exec: (placement, request, signal) => agent.exec(placement, request, signal),
  attach: (placement, request, signal) => agent.attach(placement, request, signal),
  connect: async (placement, port, signal) => dial(await agent.address(placement, port, signal), signal),
})

export const logsViewOf = (keeper: LogKeeper): LogsView => ({
  kept: () => keeper.kept(),
  read: (placement, query, signal) => keeper.read(placement, query, signal),
})

export const hostViewOf = (inventory: InventoryReporter, probe: HostProbe): HostView => ({
  inventory: () => {
    const found = inventory.inventory()
    if (found === null) throw new Error('the host was not looked at before it was asked for')
    return found
  },
  sample: (signal) => probe.sample(signal),
  disks: (signal) => probe.disks(signal),
  gpus: async (signal) => (await inventory.sample(signal)).gpus,
})

/** Says why a workload waits. */
export const explainer =
  ({
    control,
    membership,
    clock,
  }: Pick<OperationContext, 'control' | 'membership' | 'clock'>): OperationContext['explain'] =>
  (workload) => {
    if (workload.state !== 'pending') return null
    // The rest of the queue does not matter to it, and lists ask this for every workload that waits.
    const together = waitingWith(control.state, workload)
    const alone = { ...control.state, pending: new Set(together.map(({ id }) => id)) }
    return reasonOf(snapshotOf(alone, observer(membership), clock.now()), workload, defaultScheduling)
  }
