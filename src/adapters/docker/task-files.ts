/** Secret and config files of a task: in the memory of the host, and mounted into its container, where they can only be read. */
import type { MountSettings } from 'dockerode'
import { posix } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { Task, TaskFile } from '../../ports/executor.ts'
import type { MemoryFiles } from '../../ports/memory-files.ts'

interface RunsAs {
  readonly user: string
  /** Users of the container have other numbers on the host. */
  readonly isMapped: boolean
}

/** Lays them down, and says how they are mounted. Throws CONTAINER_FAILED where that cannot be. */
export async function mountFiles(
  memory: MemoryFiles | null,
  { files = [], placement }: Pick<Task, 'files' | 'placement'>,
  runsAs: RunsAs,
): Promise<readonly MountSettings[]> {
  if (files.length === 0) return []
  if (memory === null) throw new ClawError('CONTAINER_FAILED', { detail: 'this node has no memory for files' })
  const owner = ownerFor(runsAs)
  const root = await memory.put(
    placement,
    files.map(({ path, data, isSecret }) => ({
      ...{ path, data },
      // Nobody of the host can reach it, whatever its mode; in the container it is its user's alone where that user is known.
      ...(isSecret && owner !== null ? { mode: 0o400, owner } : { mode: 0o444, owner: null }),
    })),
  )
  return mountsOf(files).map((path) => ({ Type: 'bind', Source: posix.join(root, path), Target: path, ReadOnly: true }))
}

/** Config maps are mounted as folders, and what else lies in such a folder with it. */
function mountsOf(files: readonly TaskFile[]): readonly string[] {
  const folders = new Set(files.filter(({ isSecret }) => !isSecret).map(({ path }) => posix.dirname(path)))
  const isWithin = (path: string): boolean =>
    [...folders].some((folder) => folder !== path && path.startsWith(`${folder}/`))
  const outer = [...folders].filter((folder) => !isWithin(folder))
  return [...outer, ...files.filter(({ path, isSecret }) => isSecret && !isWithin(path)).map(({ path }) => path)]
}

/** The user that the container runs as, by number; null where it has a name, or where this daemon may give nothing away. */
function ownerFor({ user, isMapped }: RunsAs): number | null {
  if (process.getuid?.() !== 0 || isMapped) return null
  const [name = ''] = user.split(':')
  if (name === '' || name === 'root') return 0
  return /^\d{1,9}$/.test(name) ? Number(name) : null
}
