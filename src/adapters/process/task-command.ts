/** What a task runs as a plain process, and what it asks for that only a container can be given. */
import { ClawError } from '../../model/failure.ts'
import type { Task } from '../../ports/executor.ts'
import { findProgram, isFolder } from './find-program.ts'
import { defaultPath } from './task-environment.ts'

/** The command with its program found. Throws CONTAINER_FAILED for what a plain process cannot be given. */
export async function commandOf({ spec }: Task): Promise<readonly string[]> {
  const refuse = (detail: string): never => {
    throw new ClawError('CONTAINER_FAILED', { detail })
  }
  const [name, ...args] = [...(spec.entrypoint ?? []), ...spec.command]
  if (name === undefined) return refuse('the process executor runs commands, and none was given')
  const mount = spec.mounts.find(({ source, target, readOnly }) => source !== target || readOnly)
  if (mount !== undefined) return refuse(`the process executor cannot mount ${mount.source} at ${mount.target}`)
  const fence = fenceIn(spec)
  if (fence !== null) return refuse(`the process executor has no fence: it cannot give ${fence}`)
  if (spec.stdin === true) return refuse('the process executor keeps no input open for those who attach')
  if (spec.tty === true) return refuse('the process executor gives a terminal to further commands only')
  if (spec.user !== undefined) return refuse('the process executor runs everything as its own user')
  if (spec.workdir !== undefined && !(await isFolder(spec.workdir)))
    return refuse(`there is no folder ${spec.workdir} on this host`)
  const program = await findProgram(name, spec.env['PATH'] ?? defaultPath)
  return program === null ? refuse(`there is no program ${name} on this host`) : [program, ...args]
}

/** What of the fence of containers it asks for, or wants to get through; null for nothing. */
const fenceIn = ({
  readOnly,
  tmpfs = [],
  privileges = [],
  isolation,
  offline,
  sandbox,
}: Task['spec']): string | null => {
  if (readOnly === true) return 'a root that cannot be written'
  if (tmpfs.length > 0) return 'folders in memory'
  if (sandbox !== undefined) return `a kernel of its own (${sandbox})`
  if (offline === true) return 'no network at all'
  if (isolation !== undefined) return `the isolation of a ${isolation}`
  return privileges.length > 0 ? `the privilege ${privileges[0] ?? ''}` : null
}
