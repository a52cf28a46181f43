/** What keeps containers in: what the owner of the host allows, and whether the engine confines them at all. */
import { ClawError } from '../../model/failure.ts'

export interface Confinement {
  /** Prefixes of host paths that work of this namespace may mount. */
  readonly mounts: (namespace: string) => readonly string[]
  /** Paths that nobody may mount: the daemon's own folder, and the socket of the engine. */
  readonly sealed: readonly string[]
  /** Most files that a process may have open. */
  readonly openFiles: number
  /** Whether work runs on an engine that filters no system calls. */
  readonly allowUnfiltered: boolean
  /** Whether strangers' work runs where root in a container is root on its host. */
  readonly allowUnmappedGuests: boolean
}

/** No path of the host, and everything else as usual. */
export const strict: Confinement = {
  mounts: () => [],
  sealed: [],
  openFiles: 16_384,
  allowUnfiltered: false,
  allowUnmappedGuests: false,
}

/** Whoever has the engine's socket has the host. */
export const apartFrom = (address: string, confinement: Confinement): Confinement => {
  const path = address.replace(/^unix:\/\//, '')
  return path.startsWith('/') ? { ...confinement, sealed: [...confinement.sealed, path] } : confinement
}

/** What `docker info` says about itself that matters here. */
export interface EngineSafety {
  /** System calls are filtered by the engine's own list. */
  readonly hasSeccomp: boolean
  /** Root in a container is nobody on its host. */
  readonly mapsUsers: boolean
}

/** From `SecurityOptions`, such as `name=seccomp,profile=builtin`. */
export function safetyOf(options: readonly string[]): EngineSafety {
  const profile = options.find((one) => one.startsWith('name=seccomp'))
  return {
    hasSeccomp: profile !== undefined && !profile.includes('unconfined'),
    mapsUsers: options.some((one) => /^name=(userns|rootless)\b/.test(one)),
  }
}

/** Throws CONTAINER_FAILED where the engine would let a container make any system call. */
export function requireFilter({ hasSeccomp }: EngineSafety, { allowUnfiltered }: Confinement): void {
  if (hasSeccomp || allowUnfiltered) return
  throw new ClawError('CONTAINER_FAILED', {
    detail:
      'the engine of this node filters no system calls (no seccomp profile); the setting containers.allow_unfiltered lets work run all the same',
  })
}

/** Throws CONTAINER_FAILED where root in the container of a stranger would be root on its host. */
export function requireMappedUsers({ mapsUsers }: EngineSafety, { allowUnmappedGuests }: Confinement): void {
  if (mapsUsers || allowUnmappedGuests) return
  throw new ClawError('CONTAINER_FAILED', {
    detail:
      'work of strangers runs only where the engine maps users (userns-remap, or rootless); the setting containers.allow_unmapped_guests lets it run all the same',
  })
}
