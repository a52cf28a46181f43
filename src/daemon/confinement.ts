/** What this host's owner lets containers have. */
import type { Confinement } from '../adapters/docker/confinement.ts'
import type { Config } from '../config/schema.ts'
import { cleanPath } from '../model/host-path.ts'

export function confinementOf({ containers, dataDir }: Pick<Config, 'containers' | 'dataDir'>): Confinement {
  const { mounts, openFiles, allowUnfiltered, allowUnmappedGuests } = containers
  return {
    mounts: (namespace) => pathsIn((Object.hasOwn(mounts, namespace) ? mounts[namespace] : mounts['*']) ?? []),
    sealed: [dataDir],
    ...{ openFiles, allowUnfiltered, allowUnmappedGuests },
  }
}

/** A list, or one text with colons, as an environment variable has it. */
const pathsIn = (paths: string | readonly string[]): readonly string[] =>
  (typeof paths === 'string' ? paths.split(':') : paths).flatMap((path) => cleanPath(path) ?? [])
