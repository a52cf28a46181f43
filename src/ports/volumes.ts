/** Volumes of the engine of this host, and copies of what is in them. */

export interface EngineVolume {
  /** What the engine calls it. */
  readonly name: string
  /** Of its local driver: none for a directory of its own. */
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/** What is in a volume of the engine, or in a directory of the host. */
export type VolumeContent =
  | { readonly volume: string }
  /** Whose it is decides whether this host gives the path to anybody. */
  | { readonly path: string; readonly namespace: string }

export interface VolumeUser {
  readonly placement: string | null
  readonly isRunning: boolean
}

export interface VolumeEngine {
  /** Makes it where it is not there yet. Throws EXECUTOR_UNAVAILABLE, and CONTAINER_FAILED for what the engine refuses. */
  ensure(volume: EngineVolume, signal: AbortSignal): Promise<void>
  /** Names of those that have all of these labels. */
  named(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly string[]>
  /** The same, with all labels of each. */
  known(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly Pick<EngineVolume, 'name' | 'labels'>[]>
  /** Containers that have it, running or ended: the placement of each, or null for one that is none of ours. */
  users(name: string, signal: AbortSignal): Promise<readonly VolumeUser[]>
  /** One that is not there is no error. */
  remove(name: string, signal: AbortSignal): Promise<void>
  /** Gives the folder in it to that user, who alone may write to it then, or to everybody. */
  give(name: string, user: number | 'everybody', signal: AbortSignal): Promise<void>
  /** Bytes of what is in each of them; one of which it cannot be told is not among them. Throws EXECUTOR_UNAVAILABLE and CONTAINER_FAILED. */
  sizes(names: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlyMap<string, number>>
  /** Takes away what copies into it, or out of it: it holds on to the volume when the daemon that copied has died. */
  abandon(name: string, signal: AbortSignal): Promise<void>
  /** Takes away what a daemon of this node was copying with when it died. */
  clear(signal: AbortSignal): Promise<void>
  /**
   * All of it as a tar archive. Throws CONTAINER_FAILED for a directory that the host's owner lets nobody of the namespace mount, and for what
   * the engine cannot read; EXECUTOR_UNAVAILABLE; and VOLUME_COPY_CUT at the end of an archive that stops before its own.
   */
  pack(content: VolumeContent, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Puts what is in the archive into it, over what is there. */
  unpack(content: VolumeContent, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
}

export interface Copied {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

/** Copies that this host keeps, by name. */
export interface CopyStore {
  /** Whole, or not there. Throws TOO_LARGE beyond `most`, and DISK_FULL. */
  write(name: string, content: AsyncIterable<Uint8Array>, most: number): Promise<Copied>
  /** Throws STATE_CORRUPT when it is not what was written, before the first byte is given. */
  read(name: string, copied: Copied): Promise<AsyncIterable<Uint8Array>>
  /** One that is not there is no error. */
  remove(name: string): Promise<void>
}
