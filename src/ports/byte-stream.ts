/** Bytes both ways, such as a connection to a port of another host. Each way can be ended by itself. */
export interface ByteStream {
  /** What arrives, for one reader. Ends when the other side sends no more; throws when the stream breaks. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Returns once there is room for more. */
  write(data: Uint8Array): Promise<void>
  /** Nothing more is written. */
  end(): void
  /** Breaks it, both ways. */
  abort(): void
}
