/** Callers: made by doors from what they have found out, sent along with what is forwarded, and taken from there as a member’s word. */
import type { Standing } from '../core/access/decide.ts'
import { judge } from '../core/access/decide.ts'
import type { Identity } from '../model/access.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import { nodeId } from '../model/ids.ts'
import type { Caller } from './operation.ts'

/** For a credential that this peer has seen itself. */
export const callerOf = (identity: Identity): Caller => ({ id: idOf(identity), identity })

function idOf(identity: Identity): string {
  switch (identity.kind) {
    case 'socket':
    case 'reader':
    case 'service':
      return identity.kind
    case 'token':
      return 'token:api'
    case 'operator':
      return identity.key
    case 'apikey':
      return `apikey:${identity.key}`
    case 'user':
      return `user:${identity.user}`
  }
}

/** Who was noted by that id, as the members said that stand in `via`. */
export const callerNamed = (id: string, via?: readonly NodeId[]): Caller => ({
  ...{ id, identity: identityOf(id) },
  ...(via === undefined ? {} : { via }),
})

function identityOf(id: string): Identity {
  if (id === 'socket' || id === 'reader' || id === 'service') return { kind: id }
  if (id === 'token:api') return { kind: 'token' }
  const [kind, name = ''] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
  if (kind === 'apikey') return { kind, key: name }
  if (kind === 'user') return { kind, user: name }
  return { kind: 'operator', key: nodeId(id) }
}

/** Who asks, as one member tells another. */
export interface Told {
  readonly caller: string
  readonly role: string
}

const between = ' via '
/** Longer ways than this there are none. */
const mostVia = 4

/** Who else vouches goes along: what somebody has said to us is no more worth for our saying it. The role is for builds that know no other rights: the greatest of theirs that goes no further than what the caller has. */
export function tell({ id, via = [] }: Caller, standing: Standing): Told {
  const may = (verb: string, resource: string): boolean =>
    judge(standing, { verb, resource, namespace: null }).isAllowed
  return {
    caller: [id, ...via].join(between),
    role: may('*', '*') ? 'admin' : may('create', 'workload') ? 'operator' : 'viewer',
  }
}

/** The word of a member, which is worth as much as the member. The role that it tells is worth nothing. Throws INVALID_REQUEST. */
export function told({ caller }: Told, from: NodeId): Caller {
  const [id = '', ...others] = caller.split(between)
  if (id === '' || id.length > 256 || others.length >= mostVia)
    throw new ClawError('INVALID_REQUEST', { problem: 'the forwarding peer did not say who asks' })
  return { id, identity: identityOf(id), via: [from, ...others.map(nodeId)] }
}
