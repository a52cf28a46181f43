/** What the machine is and how it is. What costs is asked once; what is asked often is read where it costs nothing. */
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { cpu, fsSize, mem, osInfo } from 'systeminformation'
import type { Disk, HostProbe, HostSample } from '../../ports/probe.ts'

type HostInventory = Awaited<ReturnType<HostProbe['inventory']>>

const mib = 1_048_576

/** `dataDir` is on the disk whose size and free space are told. Its sizes are those of the container, where there is one. */
export function systemHost(dataDir: string): HostProbe {
  const load = new CpuLoad()
  let described: Promise<HostInventory> | null = null
  return {
    inventory() {
      described ??= describe(dataDir)
      return described
    },
    async sample(): Promise<HostSample> {
      const [disk, freeMib] = await Promise.all([statfs(dataDir), availableMib()])
      const totalMib = memoryMib()
      const [one = 0, five = 0, fifteen = 0] = os.loadavg()
      return {
        cpuUtilization: load.read(),
        load: [one, five, fifteen],
        memoryUsedMib: Math.max(0, totalMib - freeMib),
        memoryTotalMib: totalMib,
        diskFreeMib: Math.floor((disk.bavail * disk.bsize) / mib),
        uptime: Math.round(os.uptime() * 1_000),
      }
    },
    async disks(signal) {
      const late = AbortSignal.any([signal, AbortSignal.timeout(diskPatience)])
      const none = new Promise<readonly Disk[]>((resolve) => {
        late.addEventListener('abort', () => resolve([]), { once: true })
      })
      return Promise.race([mounted(), none])
    },
  }
}

/** A file system whose device hangs must not keep the caller. */
const diskPatience = 5_000

async function mounted(): Promise<readonly Disk[]> {
  const found = (await fsSize()).map(({ mount, size, available }) => ({
    mount,
    totalMib: Math.floor(size / mib),
    availableMib: Math.floor(available / mib),
  }))
  return found.filter(({ totalMib }) => totalMib > 0).toSorted((a, b) => a.mount.localeCompare(b.mount))
}

async function describe(dataDir: string): Promise<HostInventory> {
  const [system, processor, disk] = await Promise.all([osInfo(), cpu(), statfs(dataDir)])
  return {
    hostname: os.hostname(),
    os: [system.distro, system.release].filter((part) => part !== '' && part !== 'unknown').join(' ') || os.type(),
    kernel: os.release(),
    arch: os.arch(),
    cpuModel: [processor.manufacturer, processor.brand].join(' ').trim() || (os.cpus()[0]?.model ?? 'unknown'),
    cpuCores: os.availableParallelism(),
    memoryMib: memoryMib(),
    diskMib: Math.floor((disk.blocks * disk.bsize) / mib),
  }
}

/** The limit of the container that the daemon runs in, where it is less than what the machine has. */
function memoryMib(): number {
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()) / mib)
}

/** What can be given to programs without swapping. Only Linux's own figure already counts caches as free. */
async function availableMib(): Promise<number> {
  const bytes = process.platform === 'linux' ? process.availableMemory() : (await mem()).available
  return Math.floor(bytes / mib)
}

/** Share of time in which the CPUs were not idle, since it was read before. */
class CpuLoad {
  #before = cpuTimes()

  read(): number {
    const now = cpuTimes()
    const total = now.total - this.#before.total
    const idle = now.idle - this.#before.idle
    this.#before = now
    return total <= 0 ? 0 : Math.min(100, Math.max(0, Math.round((1 - idle / total) * 1_000) / 10))
  }
}

function cpuTimes(): { readonly total: number; readonly idle: number } {
  let total = 0
  let idle = 0
  for (const { times } of os.cpus()) {
    total += times.user + times.nice + times.sys + times.irq + times.idle
    idle += times.idle
  }
  return { total, idle }
}
