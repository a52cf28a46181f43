/** All processes that a task has started, however they have hidden, and how to end them. */
import { readdir } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { CheckpointSignal } from '../../model/checkpoint.ts'
import { cgroupMembers, killCgroups } from './cgroup.ts'
import { isAlive, procStat, readOrNull, type ProcessIdentity } from './identity.ts'
import { hasCode } from '../../lib/error-code.ts'

export interface ProcessTree {
  /** The process that leads the task's session and group. */
  readonly child: ProcessIdentity
  readonly cgroups: readonly string[]
  /** Marks the task in the environment of its processes, as `NAME=value`. */
  readonly mark: string
}

/**
 * Pids of the task's processes that live. Groups know them all, but for the first, which takes a moment to enter them; without groups, they
 * are known by session and by the mark that they inherit.
 */
export async function processesOf(tree: ProcessTree): Promise<readonly number[]> {
  const members = await cgroupMembers(tree.cgroups)
  const isLed = await isAlive(tree.child)
  if (members !== null) return isLed ? [...new Set([tree.child.pid, ...members])] : members
  if (process.platform !== 'linux') return isLed ? [tree.child.pid] : []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(pids.map(async (pid) => ((await belongs(pid, tree, isLed)) ? [pid] : [])))
  return found.flat().filter((pid) => pid !== process.pid)
}

/** Asks the command's process group to end. Nothing happens when the command has ended already. */
export async function terminate({ child }: ProcessTree): Promise<void> {
  if (await isAlive(child)) signal(-child.pid, 'SIGTERM')
}

/**
 * Signals the command's own process, as a container engine does: what it has started may not know the signal, and would end. Nothing
 * happens when the command has ended already.
 */
export async function send({ child }: ProcessTree, name: CheckpointSignal): Promise<void> {
  if (await isAlive(child)) signal(child.pid, name)
}

/** Kills everything, until nothing is left or what is left does not die. Returns whether nothing is left. */
export async function killAll(tree: ProcessTree): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    await killCgroups(tree.cgroups)
    if (await isAlive(tree.child)) signal(-tree.child.pid, 'SIGKILL')
    const left = await processesOf(tree)
    if (left.length === 0) return true
    for (const pid of left) signal(pid, 'SIGKILL')
    await wait(20)
  }
  return false
}

async function belongs(pid: number, { child, mark }: ProcessTree, isLed: boolean): Promise<boolean> {
  const stat = await procStat(pid)
  const state = stat?.[0]
  if (state === undefined || 'ZXx'.includes(state)) return false
  if (isLed && stat?.[3] === String(child.pid)) return true
  const environment = await readOrNull(`/proc/${pid}/environ`)
  return environment?.split('\0').includes(mark) === true
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It ended by itself just now, or has become another user's, whom we may not touch.
    if (!hasCode(error, 'ESRCH', 'EPERM')) throw error
  }
}
