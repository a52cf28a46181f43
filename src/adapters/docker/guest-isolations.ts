/** By what guests could be kept apart on an engine. */
import type Dockerode from 'dockerode'
import type { Isolation } from '../../model/molt-hardware.ts'
import type { Confinement } from './confinement.ts'
import { engineInfo } from './engine-info.ts'

/** A kernel of their own, or users that are nobody on the host: see requireMappedUsers. */
export async function guestIsolations(
  docker: Dockerode,
  { allowUnmappedGuests }: Pick<Confinement, 'allowUnmappedGuests'>,
  signal: AbortSignal,
): Promise<readonly Isolation[]> {
  const { sandboxes, safety } = await engineInfo(docker, signal)
  return [...sandboxes.keys(), ...(safety.mapsUsers || allowUnmappedGuests ? (['runc'] as const) : [])]
}
