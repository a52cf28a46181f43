/** The two sides of a conversation as frames of a pipe. */
import type { Carrier, ConversationFrame } from '../../wire/conversation.ts'
import { frame, FrameKind, type FrameMessage } from '../../wire/frame.ts'
import type { Pipe } from './pipe.ts'

interface Kinds {
  readonly data: FrameKind
  readonly credit: FrameKind
}

/** Which kinds each side sends: who asked is known by the kind alone, because both number their calls on their own. */
export const callerKinds: Kinds = { data: FrameKind.INPUT, credit: FrameKind.CREDIT }
export const calleeKinds: Kinds = { data: FrameKind.ITEM, credit: FrameKind.INPUT_CREDIT }

export const carrierOver = (pipe: Pipe, call: number, { data, credit }: Kinds): Carrier => ({
  ready: () => pipe.ready(),
  emit(piece) {
    const { channel } = piece
    if (piece.type === 'data') pipe.send(frame(data, { call, channel, payload: piece.data }))
    else pipe.send(frame(credit, { call, channel, credit: piece.bytes }))
  },
})

/** What a frame of the other side says; null when it is of another kind than those. */
export function pieceOf({ kind, channel, payload, credit }: FrameMessage, kinds: Kinds): ConversationFrame | null {
  if (kind === kinds.data) return { type: 'data', channel, data: payload }
  if (kind === kinds.credit) return { type: 'credit', channel: channel === 0 ? 0 : 1, bytes: credit }
  return null
}
