/** Who may do what. Roles include each other; what needs an administrator is what changes who belongs to the mesh. */
import { ClawError } from '../model/failure.ts'
import type { Caller, Permission, Role } from './operation.ts'

/** What says who may come in, or what work was given to keep. */
const secret: readonly Permission['resource'][] = ['operator', 'token', 'backup', 'audit']

/** The least role that may do it. */
export function roleFor({ verb, resource }: Permission): Role {
  if (verb === 'read') return secret.includes(resource) ? 'admin' : 'viewer'
  if (['workload', 'image', 'event', 'job', 'cron', 'workflow'].includes(resource)) return 'operator'
  return verb === 'invoke' ? 'operator' : 'admin'
}

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

/** Throws PERMISSION_DENIED when the caller's role does not suffice. */
export function requirePermission(caller: Caller, permission: Permission): void {
  if (rank[caller.role] >= rank[roleFor(permission)]) return
  throw new ClawError('PERMISSION_DENIED', { action: `${permission.verb} a ${permission.resource}` })
}
