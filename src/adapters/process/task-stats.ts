/** What a task uses, from its control groups where it has them and from /proc otherwise. */
import { join } from 'node:path'
import type { TaskStats } from '../../ports/executor.ts'
import type { Instant } from '../../model/time.ts'
import { procStat, readOrNull } from './identity.ts'
import { processesOf, type ProcessTree } from './process-tree.ts'

/** CPU time used up to a moment: two of them give a percentage. */
export interface CpuReading {
  readonly at: Instant
  readonly usedMs: number
}

export interface Measured {
  readonly stats: TaskStats
  readonly cpu: CpuReading
}

const mib = 1_048_576
/** Linux counts CPU time for programs in hundredths of a second, whatever the kernel itself ticks in. */
const msPerTick = 10
const pageBytes = 4_096

export const noStats: TaskStats = {
  cpuPercent: 0,
  memoryUsedMib: 0,
  memoryLimitMib: null,
  networkRxBytes: null,
  networkTxBytes: null,
  blockReadBytes: 0,
  blockWriteBytes: 0,
  pids: 0,
  processes: null,
}

/** CPU since the reading `before`. Network is not known: processes on the host share its interfaces, and nobody counts for one of them. */
export async function measure(tree: ProcessTree, before: CpuReading, memoryLimitMib: number | null): Promise<Measured> {
  const pids = await processesOf(tree)
  const used = await Promise.all(pids.map(usageOf))
  const cpu = { at: Date.now(), usedMs: (await groupCpuMs(tree.cgroups)) ?? sum(used.map(({ cpuMs }) => cpuMs)) }
  const memoryBytes = (await groupMemory(tree.cgroups)) ?? sum(used.map(({ residentBytes }) => residentBytes))
  const span = cpu.at - before.at
  return {
    cpu,
    stats: {
      ...noStats,
      cpuPercent: span <= 0 ? 0 : Math.max(0, Math.round(((cpu.usedMs - before.usedMs) / span) * 1_000) / 10),
      memoryUsedMib: Math.round((memoryBytes / mib) * 10) / 10,
      memoryLimitMib,
      blockReadBytes: sum(used.map(({ readBytes }) => readBytes)),
      blockWriteBytes: sum(used.map(({ writeBytes }) => writeBytes)),
      pids: pids.length,
      processes: pids,
    },
  }
}

interface Usage {
  readonly cpuMs: number
  readonly residentBytes: number
  readonly readBytes: number
  readonly writeBytes: number
}

async function usageOf(pid: number): Promise<Usage> {
  const stat = (await procStat(pid)) ?? []
  const io = (await readOrNull(`/proc/${pid}/io`)) ?? ''
  return {
    cpuMs: (amount(stat[11]) + amount(stat[12])) * msPerTick,
    residentBytes: amount(stat[21]) * pageBytes,
    readBytes: amount(/^read_bytes: (\d+)$/m.exec(io)?.[1]),
    writeBytes: amount(/^write_bytes: (\d+)$/m.exec(io)?.[1]),
  }
}

/** Of all processes that ever were in the group. */
async function groupCpuMs(folders: readonly string[]): Promise<number | null> {
  for (const folder of folders) {
    const nanoseconds = await readOrNull(join(folder, 'cpuacct.usage'))
    if (nanoseconds !== null) return Number(nanoseconds) / 1e6
    const microseconds = /^usage_usec (\d+)$/m.exec((await readOrNull(join(folder, 'cpu.stat'))) ?? '')?.[1]
    if (microseconds !== undefined) return Number(microseconds) / 1e3
  }
  return null
}

/** Bytes in use without the file cache that the kernel would give back first. */
async function groupMemory(folders: readonly string[]): Promise<number | null> {
  for (const folder of folders) {
    const used =
      (await readOrNull(join(folder, 'memory.usage_in_bytes'))) ?? (await readOrNull(join(folder, 'memory.current')))
    if (used === null) continue
    const stat = (await readOrNull(join(folder, 'memory.stat'))) ?? ''
    const cache = /^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1]
    return Math.max(0, Number(used) - amount(cache))
  }
  return null
}

const amount = (text: string | undefined): number => Number(text ?? 0) || 0
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
