/** Users as tests need them. */
import { callerOf } from '../../src/operations/caller.ts'
import type { Caller } from '../../src/operations/operation.ts'
import type { OperationsMesh } from './operations-mesh.ts'

/** A user with that role, there or everywhere, who has logged in. */
export function userWith(
  mesh: Pick<OperationsMesh, 'book' | 'apply'>,
  role: string,
  namespace: string | null = null,
): Caller {
  const user = `${role}-${namespace ?? 'everywhere'}`
  if (!mesh.book.state.users.has(user)) {
    mesh.apply({ type: 'create-user', name: user })
    mesh.apply({ type: 'bind-role', user, binding: { role, namespace } })
  }
  return callerOf({ kind: 'user', user })
}
