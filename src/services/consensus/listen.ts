/** What a peer listens to of the others: of whoever can never lead, only how far they have followed. */
import type { Input } from '../../core/consensus/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { Message } from '../../model/raft.ts'
import type { Unsubscribe } from '../../ports/rpc.ts'
import { raftMessage, raftSnapshot } from '../../wire/raft.ts'
import type { Lead } from '../control/types.ts'
import type { ConsensusDeps } from './deps.ts'
import type { SnapshotReceiver } from './snapshot-receiver.ts'

type Told = Extract<Input, { readonly type: 'message' }>

interface Listener {
  lead(): Pick<Lead, 'term'>
  hear(told: Told): void
  readonly receiver: Pick<SnapshotReceiver, 'take'>
}

export const listen = (
  { rpc, mayLead = () => true }: Pick<ConsensusDeps, 'rpc' | 'mayLead'>,
  { lead, hear, receiver }: Listener,
): readonly Unsubscribe[] => [
  rpc.onNotice(raftMessage, (message, from) => {
    if (mayLead(from) || isFollowers(message, lead().term)) hear({ type: 'message', from, message })
  }),
  rpc.serve(raftSnapshot, (chunk, from) => {
    if (!mayLead(from)) throw new ClawError('PERMISSION_DENIED', { action: 'give the mesh its state' })
    return receiver.take(chunk, from)
  }),
]

/** How far it has followed in this term, or in one before: nothing that would make a leader doubt itself. */
const isFollowers = (message: Message, term: number): boolean => message.type === 'append-reply' && message.term <= term
