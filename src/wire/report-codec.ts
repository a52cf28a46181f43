/** A node's report as bytes to be signed, within a fixed budget: what matters least is left out first. */
import type { GpuHealth, GpuSample } from '../model/gpu.ts'
import { nodeId } from '../model/ids.ts'
import type { HostLoad, NodeReport } from '../model/report.ts'
import type { Codec } from '../ports/codec.ts'
import { maxDevices, reportLimit } from './capacity.ts'
import { packDeviceName, unpackDeviceName } from './device-name.ts'
import type { CapacityDevice } from './gen/capacity.ts'
import { CapacityReport } from './gen/capacity.ts'

/** By wire number. */
const healths: readonly GpuHealth[] = ['ok', 'warning', 'failed']

/**
 * Numbers are rounded to whole ones. When a report is too large, processes go first, then all but the most telling throttle
 * reason, then problems are cut short: `decode(encode(x))` may know less than `x`, but never something else.
 */
export const reportCodec: Codec<NodeReport> = {
  encode(report) {
    const limit = reportLimit(report.gpus.length)
    for (const reduce of reductions) {
      const bytes = CapacityReport.encode(toWire(reduce(report)))
      if (bytes.length <= limit) return bytes
    }
    throw new Error('a report without processes and problems is still too large')
  },
  decode: (bytes) => fromWire(CapacityReport.decode(bytes)),
}

const mapGpus = (report: NodeReport, change: (gpu: GpuSample) => GpuSample): NodeReport => ({
  ...report,
  gpus: report.gpus.map(change),
})
const withoutProcesses = (report: NodeReport): NodeReport => mapGpus(report, (gpu) => ({ ...gpu, processes: [] }))
const withOneReason = (report: NodeReport): NodeReport =>
  mapGpus(withoutProcesses(report), ({ throttle, ...gpu }) => ({
    ...gpu,
    throttle: throttle.includes('thermal') ? ['thermal'] : throttle.slice(0, 1),
  }))
const withShortProblems = (report: NodeReport): NodeReport => ({
  ...withOneReason(report),
  problems: report.problems.slice(0, 2).map((text) => text.slice(0, 60)),
})

const reductions: readonly ((report: NodeReport) => NodeReport)[] = [
  (report) => report,
  withoutProcesses,
  withOneReason,
  withShortProblems,
  (report) => ({ ...withShortProblems(report), problems: [] }),
]

function toWire(report: NodeReport): CapacityReport {
  const busy = new Set(report.busy)
  for (const { uuid } of report.gpus) busy.delete(uuid)
  return {
    node: report.node,
    incarnation: report.incarnation,
    sequence: report.sequence,
    atMs: report.at,
    devices: report.gpus.map((gpu) => deviceToWire(gpu, report.busy.includes(gpu.uuid))),
    busyAndGone: [...busy].map(packDeviceName),
    host: {
      cpuUtilization: whole(report.host.cpuUtilization),
      memoryUsedMib: whole(report.host.memoryUsedMib),
      memoryTotalMib: whole(report.host.memoryTotalMib),
      diskFreeMib: whole(report.host.diskFreeMib),
    },
    problems: report.problems.slice(0, maxProblems).map((text) => text.slice(0, longestProblem)),
    version: report.version.slice(0, longestVersion),
    isOutdated: report.isOutdated === true,
  } as CapacityReport
}

function deviceToWire(gpu: GpuSample, busy: boolean): CapacityDevice {
  return {
    uuid: packDeviceName(gpu.uuid),
    busy,
    health: healths.indexOf(gpu.health),
    ...present({
      utilization: gpu.utilization,
      memoryUsedMib: gpu.memoryUsedMib,
      powerW: gpu.powerW,
      powerLimitW: gpu.powerLimitW,
      smClockMhz: gpu.smClockMhz,
      eccUncorrected: gpu.eccUncorrected,
    }),
    ...(gpu.temperatureC === null ? {} : { temperatureC: Math.round(gpu.temperatureC) }),
    throttle: gpu.throttle.slice(0, maxReasons).map((reason) => reason.slice(0, longestReason)),
    processes: gpu.processes.slice(0, maxProcesses).map(({ pid, memoryMib }) => ({ pid, ...present({ memoryMib }) })),
  } as CapacityDevice
}

/** Only the numbers that are known, as whole ones. */
function present(numbers: Readonly<Record<string, number | null>>): Record<string, number> {
  const known: Record<string, number> = {}
  for (const [name, value] of Object.entries(numbers)) if (value !== null) known[name] = whole(value)
  return known
}

const whole = (value: number): number => Math.min(0xffff_ffff, Math.max(0, Math.round(value)))

const maxProblems = 8
const longestProblem = 120
const longestVersion = 32
const maxReasons = 8
const longestReason = 32
const maxProcesses = 4

function fromWire(wire: CapacityReport): NodeReport {
  check(wire.node.length > 0 && wire.node.length <= 128, 'node id')
  check(wire.devices.length <= maxDevices && wire.busyAndGone.length <= maxDevices, 'number of devices')
  check(wire.problems.length <= maxProblems && wire.problems.every((text) => text.length <= longestProblem), 'problems')
  check(wire.version.length <= longestVersion, 'version')
  check([wire.incarnation, wire.sequence, wire.atMs].every(Number.isSafeInteger), 'version numbers')
  const gpus = wire.devices.map(deviceFromWire)
  const busy = gpus.flatMap(({ uuid }, at) => (wire.devices[at]?.busy === true ? [uuid] : []))
  return {
    node: nodeId(wire.node),
    incarnation: wire.incarnation,
    sequence: wire.sequence,
    at: wire.atMs,
    gpus,
    busy: [...busy, ...wire.busyAndGone.map(unpackDeviceName)],
    host: hostFromWire(wire.host),
    problems: wire.problems,
    version: wire.version,
    ...(wire.isOutdated && { isOutdated: true }),
  }
}

function deviceFromWire(wire: CapacityDevice): GpuSample {
  const health = healths[wire.health]
  check(health !== undefined, 'health')
  check(wire.throttle.length <= maxReasons && wire.throttle.every((text) => text.length <= longestReason), 'throttle')
  check(wire.processes.length <= maxProcesses, 'number of processes')
  return {
    uuid: unpackDeviceName(wire.uuid),
    utilization: wire.utilization ?? null,
    memoryUsedMib: wire.memoryUsedMib ?? null,
    temperatureC: wire.temperatureC ?? null,
    powerW: wire.powerW ?? null,
    powerLimitW: wire.powerLimitW ?? null,
    smClockMhz: wire.smClockMhz ?? null,
    eccUncorrected: wire.eccUncorrected ?? null,
    throttle: wire.throttle,
    health: health ?? 'failed',
    processes: wire.processes.map(({ pid, memoryMib }) => ({ pid, memoryMib: memoryMib ?? null })),
  }
}

const hostFromWire = (host: CapacityReport['host']): HostLoad => ({
  cpuUtilization: Math.min(100, host?.cpuUtilization ?? 0),
  memoryUsedMib: host?.memoryUsedMib ?? 0,
  memoryTotalMib: host?.memoryTotalMib ?? 0,
  diskFreeMib: host?.diskFreeMib ?? 0,
})

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the report's ${what} is out of bounds`)
}
