/** What has this host keep apart what the mesh's network policies keep apart. */
import { join } from 'node:path'
import { nftables } from '../adapters/nftables/nftables.ts'
import { systemTools } from '../adapters/system/tool.ts'
import type { ExecutorKind } from '../model/node.ts'
import type { Executor } from '../ports/executor.ts'
import type { AgentService } from '../services/agent/agent-service.ts'
import { NetworkPolicyService } from '../services/network-policies/service.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

interface Work {
  readonly agent: AgentService
  readonly executors: ReadonlyMap<ExecutorKind, Executor>
}

export function networkPoliciesOf(
  { identity, clock, log, config }: Ground,
  { control }: ControlPlane,
  { agent, executors }: Work,
): NetworkPolicyService {
  const { interfacePrefix } = config.network.wireguard
  return new NetworkPolicyService({
    ...{ self: identity.id, control, clock, log: log.child('network-policies') },
    filter: nftables({
      name: `${interfacePrefix}-policies`,
      folder: join(config.dataDir, 'overlay'),
      run: systemTools(),
    }),
    tasks: {
      all: () => agent.tasks().map(({ status }) => status),
      areAllKnown: () => agent.knowsAllTasks,
      onChange(listener) {
        const subscriptions = Array.from(executors.values(), (executor) => executor.onStatus(() => listener()))
        return () => {
          for (const unsubscribe of subscriptions) unsubscribe()
        }
      },
    },
  })
}
