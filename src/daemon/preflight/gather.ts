/** Looks at this host, each thing within its own time: whatever hangs is a finding, not a wait. */
import { constants, existsSync } from 'node:fs'
import { access, readFile, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { engineFacts } from '../../adapters/docker/engine-facts.ts'
import { nvidiaProbe } from '../../adapters/nvidia/probe.ts'
import { wireguard } from '../../adapters/wireguard/wireguard.ts'
import { systemTools } from '../../adapters/system/tool.ts'
import type { Config } from '../../config/schema.ts'
import type { HostFacts, Unknown } from '../../core/preflight/host-facts.ts'
import type { Millis } from '../../model/time.ts'
import type { RunTool } from '../../ports/tool.ts'
import { tailnetTrouble } from '../tailscale.ts'
import { clockSkews } from './clock-skew.ts'
import { hostPorts } from './host-ports.ts'

/** Longest that one look may take. */
const patience: Millis = 5_000

interface Wanted {
  readonly config: Config
  /** Peers whose clocks are compared with ours, as URLs. */
  readonly against: readonly string[]
  readonly signal: AbortSignal
}

export async function gatherHostFacts({ config, against, signal }: Wanted): Promise<HostFacts> {
  const run = systemTools()
  const { kind, dockerHost = process.env['DOCKER_HOST'] || 'unix:///var/run/docker.sock' } = config.executor
  const [engine, nvidia, cgroup, isSynchronized, peers, dataDir, ports, openFiles, inotify, firewall, overlay] =
    await Promise.all([
      bounded(engineFacts(dockerHost, patience, signal), describe),
      bounded(nvidiaOf(run, signal), (error) => ({ gpus: 0, driver: null, ...describe(error) })),
      cgroupVersion(),
      synchronized(run, signal),
      clockSkews(against, patience, signal),
      bounded(diskOf(config.dataDir), describe),
      hostPorts(config, patience),
      openFileLimit(),
      inotifyLimits(),
      firewallOf(run, signal),
      overlayOf(config, run),
    ])
  return {
    node: process.versions.node,
    executor: kind,
    ...{ engine, nvidia, cgroup, dataDir, ports, openFiles, inotify, firewall, overlay },
    clock: { isSynchronized, peers },
    hasSystemd: existsSync('/run/systemd/system'),
  }
}

async function overlayOf(config: Config, run: RunTool): Promise<HostFacts['overlay']> {
  const { network, dataDir } = config
  if (network.provider === 'tailscale') {
    const trouble = await bounded(tailnetTrouble(config, run), ({ message }) => ({ words: message, command: null }))
    return { provider: 'tailscale', port: 0, obstacle: trouble?.words ?? null, fix: trouble?.command ?? null }
  }
  const obstacle = await bounded(wireguard({ folder: join(dataDir, 'overlay'), run }).obstacle(), describe)
  return {
    ...{ provider: network.provider, port: network.wireguard.listenPort },
    obstacle: obstacle === null || typeof obstacle === 'string' ? obstacle : obstacle.problem,
  }
}

const describe = (error: Error): Unknown => ({ problem: error.message.replace(/\.$/, '') })

/** What it comes to, or what its failure or its silence comes to. */
async function bounded<T, F>(work: Promise<T>, otherwise: (error: Error) => F): Promise<T | F> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${patience / 1_000} s`))
    }, patience)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    return otherwise(error as Error)
  } finally {
    clearTimeout(timer)
  }
}

async function nvidiaOf(run: RunTool, signal: AbortSignal): Promise<HostFacts['nvidia']> {
  const { gpus, problem } = await nvidiaProbe(run).inventory(signal)
  return { gpus: gpus.length, driver: gpus[0]?.driver ?? null, problem }
}

async function cgroupVersion(): Promise<HostFacts['cgroup']> {
  if (await isThere('/sys/fs/cgroup/cgroup.controllers')) return 2
  return (await isThere('/sys/fs/cgroup/memory')) ? 1 : null
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const limits = (signal: AbortSignal) => ({ timeoutMs: patience, maxBytes: 65_536, signal })

/** Null where nobody can say. */
async function synchronized(run: RunTool, signal: AbortSignal): Promise<boolean | null> {
  const { code, stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], limits(signal))
  return code === 0 ? stdout.trim() === 'yes' : null
}

async function diskOf(path: string): Promise<Exclude<HostFacts['dataDir'], Unknown>> {
  let there = path
  while (!(await isThere(there)) && dirname(there) !== there) there = dirname(there)
  const { bavail, bsize } = await statfs(there)
  const isWritable = await access(there, constants.W_OK).then(
    () => true,
    () => false,
  )
  return { path, freeBytes: bavail * bsize, isWritable }
}

/** Of this process, as the daemon would have it; null where the system does not say. */
async function openFileLimit(): Promise<number | null> {
  const text = await textOf('/proc/self/limits')
  const soft = /^Max open files\s+(\d+)/m.exec(text ?? '')?.[1]
  return soft === undefined ? null : Number(soft)
}

async function inotifyLimits(): Promise<HostFacts['inotify']> {
  const read = async (name: string): Promise<number> => Number(await textOf(join('/proc/sys/fs/inotify', name)))
  const [instances, watches] = await Promise.all([read('max_user_instances'), read('max_user_watches')])
  return instances > 0 && watches > 0 ? { instances, watches } : null
}

const textOf = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null)

async function firewallOf(run: RunTool, signal: AbortSignal): Promise<HostFacts['firewall']> {
  const [ufw, firewalld] = await Promise.all([
    run('ufw', ['status'], limits(signal)),
    run('firewall-cmd', ['--state'], limits(signal)),
  ])
  if (ufw.code === 0 && /Status: active/.test(ufw.stdout)) return 'ufw'
  return firewalld.code === 0 && /^running/.test(firewalld.stdout) ? 'firewalld' : 'none'
}
