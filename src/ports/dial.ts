/** Connections to what listens on this host or can be reached from it. */
import type { PortAddress } from './executor.ts'

/** Bytes both ways. It is let go of when the signal with which it was opened is aborted. */
export interface ByteStream {
  /** Until the other side has sent its last. Throws when the connection breaks. */
  readonly received: AsyncIterable<Uint8Array>
  /** Returns once there is room for more. What the other side does not take any more is dropped, or throws. */
  send(data: Uint8Array): Promise<void>
  /** Nothing more is sent. */
  end(): void
  /** Lets go of it at once, in both directions. */
  close(): void
}

/** Throws PORT_UNREACHABLE. */
export type Dial = (to: PortAddress, signal: AbortSignal) => Promise<ByteStream>
