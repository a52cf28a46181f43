/** Frames over something that carries bytes or objects: a libp2p stream, or this process itself. */
import type { FrameMessage } from '../../wire/frame.ts'

export interface Pipe {
  /** Takes the frame, and sends it as soon as it can. A frame for a pipe that has ended is dropped. */
  send(frame: FrameMessage): void
  /** Bytes taken and not yet handed to the network. */
  readonly backlog: number
  /** Resolves once the backlog is small enough for more, or the pipe has ended. */
  ready(): Promise<void>
}

/** Above this, senders that can wait do, and notices are dropped. */
export const maxBacklog = 1_048_576
