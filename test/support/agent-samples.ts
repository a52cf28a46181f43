/** What the reconciler of a node may be given, with sensible rests. */
import type { Holding } from '../../src/core/agent/device-ledger.ts'
import { reconcile } from '../../src/core/agent/reconcile.ts'
import type { AgentView, Assigned, KnownTask } from '../../src/core/agent/view.ts'
import { agentSettings } from '../../src/core/agent/view.ts'
import type { PlacementId } from '../../src/model/ids.ts'
import { unborn } from '../../src/core/state/workloads.ts'
import { nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import type { TaskState } from '../../src/ports/executor.ts'

export const node = nodeId('node')
export const workload = workloadId('wl-a')
export const id = placementId(workload, 1)
export const at = 1_000_000

export const assigned = (parts: Partial<Assigned> & { readonly claimed?: boolean } = {}): Assigned => {
  const { claimed = true, ...rest } = parts
  return {
    ...unborn,
    id: workload,
    name: 'a',
    spec: WorkloadSpec.parse({ image: 'x', stopGraceMs: 7_000 }),
    submittedBy: 'test',
    submittedAt: 0,
    state: 'starting',
    attempt: 1,
    progress: 'claimed',
    placement: {
      id,
      workload,
      attempt: 1,
      node,
      devices: ['GPU-0'],
      executor: 'docker',
      term: 1,
      state: claimed ? 'claimed' : 'placed',
      at: 0,
      port: null,
    },
    gang: null,
    ...rest,
  }
}

export const task = (status: TaskState, of: PlacementId = id): [PlacementId, KnownTask] => [
  of,
  { executor: 'docker', status: { placement: of, workload, handle: 'c', devices: ['GPU-0'], status } },
]
export const holding = (phase: Holding['phase'], of: PlacementId = id): [PlacementId, Holding] => [
  of,
  { placement: of, devices: ['GPU-0'], share: null, phase },
]

export const view = (parts: Partial<AgentView> & { readonly workloads?: readonly Assigned[] }): AgentView => ({
  node,
  fresh: true,
  cutOffFor: 0,
  told: new Map(),
  checkpoints: new Map(),
  saves: new Map(),
  letGo: new Map(),
  opinions: new Map(),
  adopted: new Set(),
  assigned: new Map((parts.workloads ?? []).map((one) => [one.placement.id, one])),
  ledger: new Map(),
  tasks: new Map(),
  executors: new Map([['docker', 'ready']]),
  failures: new Map(),
  devices: new Map([['GPU-0', 80_000]]),
  sharing: false,
  at,
  ...parts,
})

export const steps = (parts: Parameters<typeof view>[0]): ReturnType<typeof reconcile> =>
  reconcile(view(parts), agentSettings)

export const running: TaskState = { state: 'running', startedAt: 900_000 }
export const ended = { state: 'ended', exitCode: 0, error: null, endedAt: 950_000 } as const
export const stopRequested = { at: 0, by: 'me', force: false, because: null }
export const other = placementId(workloadId('wl-b'), 1)
