/** Messages to every member, spread from peer to peer. Delivery is likely, not certain; order is not kept. */
import type { NodeId } from '../model/ids.ts'
import type { Codec } from './codec.ts'
import type { Unsubscribe } from './rpc.ts'

/** `name` is prefixed with the mesh id by the adapter, so two meshes never share a topic. */
export interface Topic<Message> {
  readonly name: string
  readonly message: Codec<Message>
  readonly maxBytes: number
}

/** accept: pass it on. ignore: do not, and blame nobody (a duplicate, say). reject: do not, and lower the score of who sent it. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface Gossip {
  publish<Message>(topic: Topic<Message>, message: Message): Promise<void>
  /** `via` is the neighbour that handed the message over, not its author: authorship is in the message's own signature. */
  subscribe<Message>(topic: Topic<Message>, handle: (message: Message, via: NodeId) => Verdict): Unsubscribe
}
