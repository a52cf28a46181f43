/** Turns two samples of the engine into figures for people. */
import type { ContainerStats } from 'dockerode'
import type { TaskStats } from '../../ports/executor.ts'

const mib = 1_048_576

export function taskStats(stats: ContainerStats, processes: readonly number[] | null): TaskStats {
  // Without an interface of its own, a container uses the host's, or none: the engine counts neither.
  const networks = stats.networks === undefined ? null : Object.values(stats.networks)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const limit = stats.memory_stats.limit ?? 0
  return {
    cpuPercent: cpuPercent(stats),
    memoryUsedMib: Math.round(memoryUsed(stats.memory_stats) / mib),
    // Without a limit of its own the engine reports all of the host's memory, or nothing sensible.
    memoryLimitMib: limit > 0 && limit < Number.MAX_SAFE_INTEGER ? Math.round(limit / mib) : null,
    networkRxBytes: networks === null ? null : sum(networks.map(({ rx_bytes }) => rx_bytes)),
    networkTxBytes: networks === null ? null : sum(networks.map(({ tx_bytes }) => tx_bytes)),
    blockReadBytes: blockBytes(stats, 'read'),
    blockWriteBytes: blockBytes(stats, 'write'),
    pids: stats.pids_stats?.current ?? 0,
    processes,
  }
}

/** 100 is one core, as `docker stats` has it. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const used = now.cpu_usage.total_usage - (before.cpu_usage?.total_usage ?? 0)
  const total = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
  if (!(used > 0) || !(total > 0) || before.system_cpu_usage === undefined) return 0
  const cores = now.online_cpus ?? now.cpu_usage.percpu_usage?.length ?? 1
  return Math.round((used / total) * cores * 1_000) / 10
}

/** Without the page cache that the kernel would give back: `inactive_file` on cgroup v2, `total_inactive_file` on v1. */
function memoryUsed(memory: ContainerStats['memory_stats']): number {
  const details: Record<string, number | undefined> = { ...memory.stats }
  const cache = details['total_inactive_file'] ?? details['inactive_file'] ?? 0
  const usage = memory.usage ?? 0
  return cache < usage ? usage - cache : usage
}

function blockBytes({ blkio_stats }: ContainerStats, operation: 'read' | 'write'): number {
  const entries: readonly { readonly op: string; readonly value: number }[] =
    blkio_stats?.io_service_bytes_recursive ?? []
  return entries.filter(({ op }) => op.toLowerCase() === operation).reduce((total, { value }) => total + value, 0)
}
