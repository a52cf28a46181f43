/** One peer of the quickstart: a real `clawnode` in a process of its own, which outlives the one that started it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const clawnode = fileURLToPath(new URL('./clawnode.js', import.meta.url))

export interface PeerPlan {
  readonly name: string
  readonly directory: string
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Written to its standard input; a join token goes this way. */
  readonly input: string | null
}

export interface Peer {
  readonly name: string
  readonly dataDir: string
  readonly socket: string
  readonly logFile: string
  readonly child: ChildProcess
}

/** Starts the peer and returns at once; `peerReady` tells when it can be used. */
export function startPeer(plan: PeerPlan): Peer {
  const dataDir = join(plan.directory, plan.name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const logFile = join(plan.directory, `${plan.name}.log`)
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, [clawnode, ...plan.arguments, '--data-dir', dataDir, '--name', plan.name], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...process.env, ...plan.environment },
  })
  child.stdin?.end(plan.input ?? '')
  child.unref()
  if (child.pid !== undefined)
    writeFileSync(join(plan.directory, `${plan.name}.pid`), `${child.pid} ${startTime(child.pid) ?? ''}\n`)
  return { name: plan.name, dataDir, socket: join(dataDir, 'api.sock'), logFile, child }
}

/** The last lines of a peer's log, for when it did not come up. */
export function lastWords(peer: Peer, lines = 15): string {
  return readFileSync(peer.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/** Asks every peer recorded in the folder to stop and waits until they have. Returns how many there were. */
export async function stopPeers(directory: string): Promise<number> {
  const pids = runningPeers(directory)
  for (const pid of pids) process.kill(pid, 'SIGTERM')
  const deadline = Date.now() + 20_000
  while (pids.some(isRunning) && Date.now() < deadline) await sleep(50)
  for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL')
  if (existsSync(directory)) for (const file of pidFiles(directory)) rmSync(join(directory, file))
  return pids.length
}

/** Process ids of the peers in this folder that are alive. A number that another process has got since does not count. */
export function runningPeers(directory: string): readonly number[] {
  if (!existsSync(directory)) return []
  return pidFiles(directory).flatMap((file) => {
    const [pid, started] = readFileSync(join(directory, file), 'utf8').trim().split(' ')
    const number = Number(pid)
    return Number.isInteger(number) && isRunning(number) && startTime(number) === (started || null) ? [number] : []
  })
}

const pidFiles = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.pid'))

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
  return processState(pid)?.[0] !== 'Z'
}

/** When the kernel started the process, in its own ticks; null where there is no /proc. */
const startTime = (pid: number): string | null => processState(pid)?.[19] ?? null

/** Fields of /proc/PID/stat from the state on. */
function processState(pid: number): readonly string[] | null {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return null
  const stat = readFileSync(file, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
