/**
 * Who may have containers that are more than containers. Looked at where commands are handed to the mesh, at whatever speaks of work in
 * them, so that no operation can forget it.
 */
import type { Command } from '../core/state/types.ts'
import { ClawError } from '../model/failure.ts'
import { sourceObstacle } from '../model/host-path.ts'
import { inWords } from '../model/privilege.ts'
import type { WorkloadSpec } from '../model/workload.ts'
import { privilegesAsked } from '../model/workload.ts'
import type { Caller } from './operation.ts'
import { requirePermission } from './permission.ts'

/** Throws PERMISSION_DENIED for a privilege that the caller may not give, and MOUNT_DENIED for a path that nobody gets. */
export function requirePrivileges(caller: Caller, command: Command): void {
  for (const spec of specsIn(command)) {
    for (const { source } of spec.mounts) {
      const why = sourceObstacle(source)
      if (why !== null) throw new ClawError('MOUNT_DENIED', { path: source, why })
    }
    const asked = privilegesAsked(spec)
    if (asked.length > 0) requirePrivilege(caller, asked)
  }
}

function requirePrivilege(caller: Caller, asked: readonly string[]): void {
  try {
    requirePermission(caller, { verb: 'change', resource: 'privilege' })
  } catch (error) {
    if (!ClawError.is(error, 'PERMISSION_DENIED')) throw error
    throw new ClawError('PERMISSION_DENIED', { action: `run work with ${inWords(asked)}` }, { cause: error })
  }
}

/** Every workload that stands anywhere in it. */
function* specsIn(value: unknown): Generator<WorkloadSpec, undefined> {
  if (typeof value !== 'object' || value === null) return undefined
  if (isSpec(value)) yield value
  else for (const inner of Object.values(value)) yield* specsIn(inner)
  return undefined
}

const isSpec = (value: object): value is WorkloadSpec =>
  'image' in value && 'mounts' in value && 'nodeSelector' in value
