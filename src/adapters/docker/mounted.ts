/**
 * Whether a container got the very paths of its host that were looked at. The engine is given words and follows them itself, some time after
 * the look; whoever may write to the folder around them may have put a link there meanwhile. Where a mount leads, the kernel says.
 */
import { readFile } from 'node:fs/promises'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { isBelow } from '../../model/host-path.ts'
import { ask } from './engine.ts'

/** Where a path is, whatever leads to it. */
export interface Place {
  /** Number of the device with the filesystem. */
  readonly device: string
  /** The path within that. */
  readonly path: string
}

export interface HostMount {
  /** As it was asked for. */
  readonly source: string
  readonly target: string
  /** Null where the kernel does not say. */
  readonly place: Place | null
}

interface Mounted extends Place {
  /** Where it is seen. */
  readonly at: string
}

/** The table of mounts as the kernel writes it, those on top last. */
export function mountTable(text: string): readonly Mounted[] {
  return text.split('\n').flatMap((line) => {
    const [, , device, path, at] = line.split(' ')
    return device === undefined || path === undefined || at === undefined
      ? []
      : [{ device, path: plain(path), at: plain(at) }]
  })
}

/** Spaces and the like are written in octal. */
const plain = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Of a path without links. */
export function placeIn(table: readonly Mounted[], real: string): Place | null {
  const under = table.filter(({ at }) => isBelow(real, at))
  const longest = Math.max(...under.map(({ at }) => at.length))
  const mount = under.findLast(({ at }) => at.length === longest)
  if (mount === undefined) return null
  const rest = mount.at === '/' ? real : real.slice(mount.at.length)
  return { device: mount.device, path: `${mount.path === '/' ? '' : mount.path}${rest}` || '/' }
}

/** The mounts that this process sees; none on systems that do not say. */
export const ownTable = async (): Promise<readonly Mounted[]> => mountTable(await textOf('/proc/self/mountinfo'))

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/**
 * Whether that could be seen: what has ended by now cannot be asked any more, and an engine on another machine counts its processes by itself.
 * Throws CONTAINER_FAILED where something else was mounted than what was looked at.
 */
export async function requireMounted(
  container: Dockerode.Container,
  mounts: readonly HostMount[],
  signal: AbortSignal,
): Promise<boolean> {
  if (mounts.length === 0) return true
  const { State } = await ask(signal, (abortSignal) => container.inspect({ abortSignal }))
  if (State.Pid === 0 || !(await textOf(`/proc/${State.Pid}/cgroup`)).includes(container.id)) return false
  const table = mountTable(await textOf(`/proc/${State.Pid}/mountinfo`))
  if (table.length === 0) return false
  for (const { source, target, place } of mounts) {
    const found = table.findLast(({ at }) => at === target)
    if (place === null || (found?.device === place.device && found.path === place.path)) continue
    throw changed(source)
  }
  return true
}

export const changed = (source: string): ClawError =>
  new ClawError('CONTAINER_FAILED', {
    detail: `the host path ${source} was changed into another while the container was started, which was ended`,
  })
