/** How much of what guests send and leave a host still takes in. */
import { bytesOf } from './data-rules.ts'
import type { Lease } from './lease.ts'
import type { Lending } from './lending.ts'

/** In bytes: what is left beside all that was agreed on before, and is not wiped yet. */
export const roomLeft = ({ data: { all } }: Pick<Lending, 'data'>, leases: readonly Lease[]): number =>
  leases.reduce((left, lease) => left - (mayHold(lease) ? bytesOf(lease.agreement?.terms ?? {}) : 0), all)

const mayHold = ({ state, data }: Lease): boolean =>
  state === 'closed' ? data !== null && !data.isWiped : state !== 'bid'
