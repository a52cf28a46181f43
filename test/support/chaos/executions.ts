/** What really ran, from what the work itself wrote down, whatever the mesh thinks of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Execution {
  readonly placement: string
  readonly workload: string
  readonly node: string
  readonly devices: readonly string[]
  /** Its first and its last sign of life, in seconds of the kernel's clock, which no fault moves. */
  readonly from: number
  readonly to: number
  readonly hasEnded: boolean
}

/** A script that says five times a second that it runs, for so long, and then that it has ended. */
export const witnessed = (folder: string, seconds: number): string =>
  [
    `say() { read up rest < /proc/uptime; echo "$1 $up $CLAW_NODE $CLAW_SIMULATED_GPUS" >> ${folder}/$CLAW_PLACEMENT.$$; }`,
    `i=0; while [ $i -lt ${Math.round(seconds * 5)} ]; do say runs; sleep 0.2; i=$((i+1)); done; say ends`,
  ].join('\n')

export function executionsIn(folder: string): readonly Execution[] {
  return readdirSync(folder).map((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
    const signs = lines.map((line) => line.split(' '))
    const [, from, node = '', devices = ''] = signs[0] ?? []
    const placement = file.slice(0, file.lastIndexOf('.'))
    return {
      ...{ placement, workload: placement.slice(0, placement.lastIndexOf('.')), node },
      devices: devices === '' ? [] : devices.split(','),
      ...{ from: Number(from), to: Number(signs.at(-1)?.[1]), hasEnded: signs.at(-1)?.[0] === 'ends' },
    }
  })
}

export interface Verdict {
  /** Devices in two executions of a host at a time. */
  readonly doubleBooked: readonly string[]
  /** Placements that were started more than once. */
  readonly startedTwice: readonly string[]
  /** Workloads that ran in two places at a time. */
  readonly atOnce: readonly string[]
  /** Workloads that ran to their end more than once. */
  readonly doneTwice: readonly string[]
}

export function judge(executions: readonly Execution[]): Verdict {
  const pairs = executions.flatMap((one, at) => executions.slice(at + 1).map((other) => [one, other] as const))
  const names = (of: readonly (readonly [Execution, Execution])[]): readonly string[] => [
    ...new Set(of.map(([one]) => one.workload)),
  ]
  const together = pairs.filter(([one, other]) => one.from <= other.to && other.from <= one.to)
  return {
    doubleBooked: together.flatMap(([one, other]) =>
      one.node === other.node ? one.devices.filter((device) => other.devices.includes(device)) : [],
    ),
    startedTwice: pairs.filter(([one, other]) => one.placement === other.placement).map(([one]) => one.placement),
    atOnce: names(together.filter(([one, other]) => one.workload === other.workload)),
    doneTwice: names(pairs.filter(([one, other]) => one.workload === other.workload && one.hasEnded && other.hasEnded)),
  }
}
