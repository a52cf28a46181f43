/**
 * Bytes that survive. A journal is an append-only file of records, each with a CRC; a blob is a small named file that is replaced
 * whole or not at all. Both promise: when the call has returned, the data is on disk.
 */

export interface Journal {
  /** The records that were in the file when it was opened, oldest first. A torn tail has been cut; anything else damaged throws STATE_CORRUPT at opening. */
  readonly records: readonly Uint8Array[]
  /** Appends all of them with one flush. If it throws, none counts as written and the journal must be reopened. */
  append(records: readonly Uint8Array[]): Promise<void>
  /** Replaces the whole content in one atomic step. */
  rewrite(records: readonly Uint8Array[]): Promise<void>
  close(): Promise<void>
}

export interface BlobHead {
  /** Bytes. */
  readonly length: number
  readonly make: () => Uint8Array
}

export interface Disk {
  openJournal(name: string): Promise<Journal>
  readBlob(name: string): Promise<Uint8Array | null>
  /** With `secret`, only the owner may read the file (0600). */
  writeBlob(name: string, bytes: Uint8Array, options?: { readonly secret?: boolean }): Promise<void>
  /**
   * Replaces a blob by what comes in parts, each written before the next is asked for. Zeros stand in front of them, as many as `head` is
   * long; `head` says what takes their place when all parts are written. What `parts` throws is thrown, and the old content stays.
   */
  streamBlob(name: string, parts: AsyncIterable<Uint8Array>, head: BlobHead): Promise<void>
  removeBlob(name: string): Promise<void>
}
