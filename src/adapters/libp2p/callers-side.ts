/** A conversation that this peer has asked another for. */
import { ClawError } from '../../model/failure.ts'
import { ConversationSide, Misconduct } from '../../wire/conversation.ts'
import { decodeFailure, frame, FrameKind, type FrameMessage } from '../../wire/frame.ts'
import type { Pipe } from './pipe.ts'
import { calleeKinds, callerKinds, carrierOver, pieceOf } from './sides.ts'

export class CallersSide {
  readonly side: ConversationSide
  readonly #call: number
  readonly #pipe: Pipe
  readonly #onOver: () => void

  constructor(call: number, pipe: Pipe, onOver: () => void) {
    this.#call = call
    this.#pipe = pipe
    this.#onOver = onOver
    this.side = new ConversationSide(carrierOver(pipe, call, callerKinds))
  }

  take(message: FrameMessage): void {
    const piece = pieceOf(message, calleeKinds)
    if (message.kind === FrameKind.END) this.#end()
    else if (message.kind === FrameKind.FAILURE) this.fail(failureOf(message.payload))
    else if (piece === null) this.leave(nonsense('with another kind of message'))
    else this.#takePiece(piece)
  }

  /** Nothing more comes. */
  fail(error: Error): void {
    this.side.fail(error)
    this.#onOver()
  }

  /** This side goes, and says so. */
  leave(error: Error): void {
    if (this.side.isOver) return
    this.#pipe.send(frame(FrameKind.CANCEL, { call: this.#call }))
    this.fail(error)
  }

  #end(): void {
    this.side.end()
    this.#onOver()
  }

  #takePiece(piece: Parameters<ConversationSide['take']>[0]): void {
    try {
      this.side.take(piece)
    } catch (error) {
      if (!(error instanceof Misconduct)) throw error
      this.leave(nonsense(`against the rules: ${error.message}`))
    }
  }
}

const nonsense = (how: string): ClawError =>
  new ClawError('INTERNAL', { detail: `the peer answered a conversation ${how}` })

function failureOf(payload: Uint8Array): ClawError {
  try {
    return decodeFailure(payload)
  } catch (cause) {
    return new ClawError('INTERNAL', { detail: 'the peer answered with something that is no failure' }, { cause })
  }
}
