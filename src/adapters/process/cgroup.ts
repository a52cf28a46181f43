/** Control groups by hand, in whichever version the host has: limits where permitted, and a way to find and kill all processes of a task. */
import { mkdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'

export interface CgroupLimits {
  readonly memoryMib: number | null
  readonly cpus: number | null
}

export interface Cgroups {
  readonly folders: readonly string[]
  /** Limits that were asked for and do not hold, in words for people. */
  readonly unmet: readonly string[]
}

/** Most processes of a task. */
const maxProcesses = 4_096
const cpuPeriodUs = 100_000
const mount = '/sys/fs/cgroup'
const home = 'clawbernetes'

/** Makes the groups of one task. Never throws: where groups are not permitted there are none, and the limits are unmet. */
export async function createCgroups(name: string, limits: CgroupLimits): Promise<Cgroups> {
  const isUnified = await exists(join(mount, 'cgroup.controllers'))
  return isUnified ? createUnified(name, limits) : createLegacy(name, limits)
}

/** Removes what is empty; a group that still holds a process stays. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await attempt(() => rmdir(folder))
}

/** How many processes of the task the kernel has killed for want of memory. */
export async function oomKills(folders: readonly string[]): Promise<number> {
  const counts = await Promise.all(
    folders.flatMap((folder) => ['memory.events', 'memory.oom_control'].map((name) => readText(join(folder, name)))),
  )
  return Math.max(0, ...counts.map((text) => Number(/^oom_kill (\d+)$/m.exec(text ?? '')?.[1] ?? 0)))
}

/** Pids in the task's groups; null when it has none to look into. */
export async function cgroupMembers(folders: readonly string[]): Promise<readonly number[] | null> {
  const lists = await Promise.all(folders.map((folder) => readText(join(folder, 'cgroup.procs'))))
  const found = lists.filter((list) => list !== null)
  if (found.length === 0) return null
  return [
    ...new Set(
      found.flatMap((list) =>
        list
          .split('\n')
          .filter((line) => line !== '')
          .map(Number),
      ),
    ),
  ]
}

/** Kills everything in the groups at once, where the kernel can. */
export async function killCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    if (await exists(join(folder, 'cgroup.kill'))) await attempt(() => writeFile(join(folder, 'cgroup.kill'), '1'))
}

/** Version 2: one folder with all controllers that the host lets us have. */
async function createUnified(name: string, limits: CgroupLimits): Promise<Cgroups> {
  const parent = join(mount, home)
  const folder = join(parent, name)
  const refused = await attempt(() => mkdir(folder, { recursive: true }))
  if (refused !== null) return { folders: [], unmet: unmetBy(limits, refused) }
  for (const controller of ['+memory', '+cpu', '+pids'])
    for (const above of [mount, parent])
      await attempt(() => writeFile(join(above, 'cgroup.subtree_control'), controller))

  await attempt(() => writeFile(join(folder, 'pids.max'), String(maxProcesses)))
  const memory = await setAll(folder, [
    ['memory.max', limits.memoryMib === null ? null : bytes(limits.memoryMib)],
    ['memory.swap.max', limits.memoryMib === null ? null : '0'],
  ])
  const cpu = await setAll(folder, [['cpu.max', limits.cpus === null ? null : `${quota(limits.cpus)} ${cpuPeriodUs}`]])
  return {
    folders: [folder],
    unmet: [...unmetMemory(limits, memory), ...unmetCpu(limits, cpu)],
  }
}

/** Version 1: one folder for each controller, below the daemon's own group; beside them a version 2 group for killing, where there is one. */
async function createLegacy(name: string, limits: CgroupLimits): Promise<Cgroups> {
  const memory = await createIn('memory', name, [
    ['memory.limit_in_bytes', limits.memoryMib === null ? null : bytes(limits.memoryMib)],
    ['memory.memsw.limit_in_bytes', limits.memoryMib === null ? null : bytes(limits.memoryMib)],
  ])
  const cpu = await createIn('cpu', name, [
    ['cpu.cfs_period_us', limits.cpus === null ? null : String(cpuPeriodUs)],
    ['cpu.cfs_quota_us', limits.cpus === null ? null : String(quota(limits.cpus))],
  ])
  const others = [
    await createIn('cpuacct', name, []),
    await createIn('pids', name, [['pids.max', String(maxProcesses)]]),
    await createIn('unified', name, []),
  ]
  return {
    folders: [memory, cpu, ...others].flatMap(({ folder }) => folder ?? []),
    unmet: [...unmetMemory(limits, memory.refused), ...unmetCpu(limits, cpu.refused)],
  }
}

type Setting = readonly [file: string, value: string | null]

async function createIn(
  controller: string,
  name: string,
  settings: readonly Setting[],
): Promise<{ readonly folder: string | null; readonly refused: string | null }> {
  const own = await ownGroup(controller)
  const base = join(mount, controller, own)
  if (!(await exists(base))) return { folder: null, refused: `this host has no ${controller} groups` }
  const folder = join(base, `${home}-${name}`)
  const refused = await attempt(() => mkdir(folder, { recursive: true }))
  if (refused !== null) return { folder: null, refused }
  return { folder, refused: await setAll(folder, settings) }
}

/** The daemon's own group, so that its limits hold for its tasks too; the top where the path is not visible from here. */
async function ownGroup(controller: string): Promise<string> {
  const wanted = controller === 'unified' ? '' : controller
  for (const line of ((await readText('/proc/self/cgroup')) ?? '').split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (names?.split(',').includes(wanted) !== true || path === undefined) continue
    if (await exists(join(mount, controller, path))) return path
  }
  return '/'
}

/** Writes the settings in order, and says why the first one that matters was refused. */
async function setAll(folder: string, settings: readonly Setting[]): Promise<string | null> {
  for (const [file, value] of settings) {
    if (value === null) continue
    const refused = await attempt(() => writeFile(join(folder, file), value))
    // Kernels that do not count swap have no such file; then there is nothing to limit.
    const isOptional = /swap|memsw/.test(file) && !(await exists(join(folder, file)))
    if (refused !== null && !isOptional) return refused
  }
  return null
}

const unmetBy = (limits: CgroupLimits, refused: string): readonly string[] => [
  ...unmetMemory(limits, refused),
  ...unmetCpu(limits, refused),
]
const unmetMemory = ({ memoryMib }: CgroupLimits, refused: string | null): readonly string[] =>
  memoryMib === null || refused === null ? [] : [`the memory limit of ${memoryMib} MiB does not hold: ${refused}`]
const unmetCpu = ({ cpus }: CgroupLimits, refused: string | null): readonly string[] =>
  cpus === null || refused === null ? [] : [`the limit of ${cpus} CPUs does not hold: ${refused}`]

const bytes = (mib: number): string => String(mib * 1_048_576)
/** The kernel takes no less than a millisecond. */
const quota = (cpus: number): number => Math.max(1_000, Math.round(cpus * cpuPeriodUs))

/** Null when it worked, else why not. Groups come and go under our hands, and may be forbidden: all of that is normal. */
async function attempt(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.message
    throw error
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV', 'EACCES', 'EPERM', 'ENOTDIR', 'EOPNOTSUPP')) return null
    throw error
  }
}

const exists = async (path: string): Promise<boolean> => (await attempt(() => stat(path))) === null
