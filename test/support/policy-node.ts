/** A node whose network policies are kept by a kernel that is not there. */
import type { Change, Command } from '../../src/core/state/types.ts'
import { parseIpv4 } from '../../src/lib/cidr.ts'
import { ClawError } from '../../src/model/failure.ts'
import { placementId, workloadId } from '../../src/model/ids.ts'
import type { TaskStatus } from '../../src/ports/executor.ts'
import { silent } from '../../src/ports/log.ts'
import type { PacketFilter, Ruling } from '../../src/ports/packet-filter.ts'
import { NetworkPolicyService } from '../../src/services/network-policies/service.ts'
import { World } from '../../src/simulation/world.ts'
import { ada, bob, meshOf, submit } from './control-samples.ts'
import { enableOverlay, joinOverlay } from './overlay-samples.ts'

export const closed = (namespace = 'default'): Command => ({
  ...{ type: 'create-network-policy', namespace, name: 'closed', about: '', selects: {}, ingress: [], egress: null },
})
export const opened: Command = { type: 'delete-network-policy', namespace: 'default', name: 'closed' }

/** A kernel that is not there. */
export class SimFilter implements PacketFilter {
  ruling: Ruling | null = null
  applied = 0
  reason: string | null = null
  failure: string | null = null
  left: readonly string[] = []
  asked = 0

  obstacle(): Promise<string | null> {
    this.asked += 1
    return Promise.resolve(this.reason)
  }

  isThere(): Promise<boolean> {
    return Promise.resolve(this.ruling !== null)
  }

  apply(ruling: Ruling): Promise<readonly string[]> {
    if (this.failure !== null) return Promise.reject(new ClawError('PACKET_FILTER_FAILED', { problem: this.failure }))
    this.ruling = ruling
    this.applied += 1
    return Promise.resolve(this.left)
  }

  remove(): Promise<void> {
    this.ruling = null
    return Promise.resolve()
  }
}

/** Bob's node, with the second slot, and the work that it has. */
export function node(parts: { isFresh?: boolean; areAllKnown?: boolean; filter?: SimFilter } = {}) {
  const book = meshOf([ada, bob])
  book.run(enableOverlay())
  for (const one of [ada, bob]) book.run(joinOverlay(one))
  const world = new World(1)
  const listeners = new Set<(changes: readonly Change[]) => void>()
  const taskListeners = new Set<() => void>()
  const tasks = new Map<string, TaskStatus>()
  const filter = parts.filter ?? new SimFilter()
  const known = { areAllKnown: parts.areAllKnown ?? true, isFresh: parts.isFresh ?? true, asked: 0 }
  const service = new NetworkPolicyService({
    ...{ self: bob, clock: world, log: silent, filter },
    control: {
      state: book.state,
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      fresh() {
        known.asked += 1
        return known.isFresh ? Promise.resolve() : Promise.reject(new ClawError('NO_LEADER', { detail: 'none' }))
      },
    },
    tasks: {
      all: () => [...tasks.values()],
      areAllKnown: () => known.areAllKnown,
      onChange(listener) {
        taskListeners.add(listener)
        return () => taskListeners.delete(listener)
      },
    },
  })
  const run = (command: Command): void => {
    const { changes } = book.run(command)
    for (const listener of listeners) listener(changes)
  }
  const is = (id: string, status: TaskStatus['status']): void => {
    const placement = placementId(workloadId(id), 1)
    tasks.set(id, { placement, workload: workloadId(id), handle: null, devices: [], status })
    for (const listener of taskListeners) listener()
  }
  return {
    ...{ world, filter, service, known, run },
    place(id: string, where = bob, parts: Record<string, unknown> = {}): void {
      run(submit(id, parts))
      run({ type: 'place', workload: workloadId(id), attempt: 1, node: where, devices: [], executor: 'docker' })
      run({ type: 'claim', placement: placementId(workloadId(id), 1), node: where })
    },
    report(id: string, overlayAddress: string, where = bob): void {
      const placement = placementId(workloadId(id), 1)
      run({ type: 'report-running', placement, node: where, startedAt: 5_000, overlayAddress })
    },
    runs(id: string, overlayAddress: string): void {
      is(id, { state: 'running', startedAt: 5_000, overlayAddress })
    },
    ends(id: string): void {
      is(id, { state: 'ended', exitCode: 0, error: null, endedAt: 6_000 })
    },
  }
}

export const number = (address: string): number => parseIpv4(address) ?? 0
