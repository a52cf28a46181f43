/** What a container gets of the files of its host: only what the host's owner allows, and of that only what is really there. */
import { realpath, stat } from 'node:fs/promises'
import type { MountSettings } from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { cleanPath, isBelow, pathObstacle, sourceObstacle } from '../../model/host-path.ts'
import { profileOf } from '../../model/container-profile.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Confinement } from './confinement.ts'
import type { HostMount } from './mounted.ts'
import { changed, ownTable, placeIn } from './mounted.ts'

type Mount = WorkloadSpec['mounts'][number]
type Asked = Pick<WorkloadSpec, 'namespace' | 'privileges' | 'isolation'>

const failed = (detail: string): ClawError => new ClawError('CONTAINER_FAILED', { detail })

export interface Granted {
  readonly mounts: readonly MountSettings[]
  /** Those among them that are paths of the host. */
  readonly paths: readonly HostMount[]
}

/**
 * What a mount says is followed through all links first, so that the engine is given the very folder that was looked at. Mounts, not Binds:
 * the engine creates a missing source of a bind, and refuses that of a mount. Throws CONTAINER_FAILED for what is not allowed.
 */
export async function mountsOf(spec: Asked & Pick<WorkloadSpec, 'mounts'>, confinement: Confinement): Promise<Granted> {
  const mounts: MountSettings[] = []
  for (const mount of spec.mounts) mounts.push(await mountOf(mount, spec, confinement))
  const binds = mounts.filter(({ Type }) => Type === 'bind')
  const table = binds.length === 0 ? [] : await ownTable()
  const paths = binds.map(({ Source, Target }) => ({
    ...{ source: Source, target: cleanPath(Target) ?? Target },
    place: placeIn(table, Source),
  }))
  return { mounts, paths }
}

/** Looks again, right before the engine does. Throws CONTAINER_FAILED also where a path leads elsewhere by now. */
export async function requireUnchanged(
  spec: Asked & Pick<WorkloadSpec, 'mounts'>,
  confinement: Confinement,
  { paths }: Granted,
): Promise<void> {
  if (paths.length === 0) return
  const now = await mountsOf(spec, confinement)
  const other = paths.find(({ source }, i) => now.paths[i]?.source !== source)
  if (other !== undefined) throw changed(other.source)
}

async function mountOf(
  { source, target, readOnly }: Mount,
  spec: Asked,
  confinement: Confinement,
): Promise<MountSettings> {
  const obstacle = sourceObstacle(source)
  if (obstacle !== null) throw failed(`the mount ${source} may not be: it ${obstacle}`)
  if (!source.startsWith('/')) return { Type: 'volume', Source: source, Target: target, ReadOnly: readOnly }
  if (profileOf(spec).hostPaths === 'none') throw failed(`strangers get no path of this host, and so not ${source}`)
  return { Type: 'bind', Source: await pathFor(source, spec, confinement), Target: target, ReadOnly: readOnly }
}

/** The folder itself, with all links followed. Throws CONTAINER_FAILED where work of the namespace may not have it. */
export async function pathFor(
  source: string,
  { namespace, privileges = [] }: Asked,
  confinement: Confinement,
): Promise<string> {
  const asked = cleanPath(source) ?? source
  const real = await found(source)
  const sealed = await Promise.all(confinement.sealed.map(resolved))
  const obstacle = pathObstacle(real, [...confinement.sealed, ...sealed])
  const through = real === asked ? asked : `${asked}, which is ${real},`
  if (obstacle !== null) throw failed(`the host path ${through} may not be mounted: it ${obstacle}`)
  if (!(await isPlain(real))) throw failed(`the host path ${through} is neither a folder nor an ordinary file`)
  if (privileges.includes('host-paths') || privileges.includes('privileged')) return real
  const allowed = confinement.mounts(namespace)
  const prefixes = await Promise.all(allowed.map(resolved))
  if (prefixes.some((prefix) => isBelow(real, prefix))) return real
  const list = allowed.length === 0 ? 'none' : allowed.join(', ')
  throw failed(
    `the host path ${through} is outside what this host allows work of ${namespace} to mount (${list}; setting containers.mounts)`,
  )
}

/** With all links followed. A path that is not there stays as it is. */
const resolved = (path: string): Promise<string> => realpath(path).catch(() => cleanPath(path) ?? path)

async function found(source: string): Promise<string> {
  try {
    return await realpath(source)
  } catch {
    throw missing(source)
  }
}

const missing = (source: string): ClawError => failed(`bind source path does not exist: ${source}`)

/** Sockets lead to whoever listens, and devices to hardware. Throws CONTAINER_FAILED for what has gone since it was found: the engine is not to blame. */
async function isPlain(path: string): Promise<boolean> {
  try {
    const kind = await stat(path)
    return kind.isDirectory() || kind.isFile()
  } catch {
    throw missing(path)
  }
}
