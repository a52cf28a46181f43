/** What a node knows of the gangs that it runs parts of, and what it tells those parts. */
import type { Placement, Workload } from '../../model/workload.ts'
import { isGang, partsOf } from '../state/groups.ts'
import type { MeshState } from '../state/types.ts'
import type { GangView } from './view.ts'

type Source = Pick<MeshState, 'workloads' | 'groups' | 'members'>

/** Null for what is no part of a gang, and for a gang that is not placed as a whole. */
export function gangOf(state: Source, workload: Workload): GangView | null {
  if (workload.part === null || !isGang(workload)) return null
  const size = workload.spec.parts?.count ?? 0
  const places = partsOf(state, workload.part.group).map(({ placement }) => placement)
  const isClaimed = (place: Placement | null): boolean =>
    place?.state === 'claimed' && place.attempt === workload.attempt
  return {
    size,
    claimed: places.filter(isClaimed).length,
    hosts: places.map((place) => (place === null ? null : hostOf(state.members.get(place.node)?.addresses ?? []))),
    port: places[0]?.port ?? 0,
  }
}

/** The host in the first of a node's addresses that has one; another machine's before this one's own. */
export function hostOf(addresses: readonly string[]): string | null {
  const hosts = addresses.flatMap((address) => /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)/.exec(address)?.[1] ?? [])
  return hosts.find((host) => !isLoopback(host)) ?? hosts[0] ?? null
}

const isLoopback = (host: string): boolean => /^127\.|^::1$|^localhost$/.test(host)

/**
 * The environment of a part. Of an array, its index and how many there are. Of a gang, besides: what `torch.distributed` reads (`RANK`,
 * `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`), and what `torchrun` takes for its own options (`PET_…`), so that neither needs any.
 */
export function partEnvironment(
  { part, spec, placement }: Pick<Workload, 'part' | 'spec' | 'placement'>,
  gang: GangView | null,
): Readonly<Record<string, string>> {
  if (part === null) return {}
  const [index, size] = [String(part.index), String(spec.parts?.count ?? 0)]
  const own = { CLAW_INDEX: index, CLAW_COUNT: size, CLAW_GROUP: part.group }
  if (gang === null) return own
  const address = gang.hosts[0] ?? '127.0.0.1'
  const port = String(gang.port)
  return {
    ...own,
    CLAW_HOSTS: gang.hosts.map((host) => host ?? '').join(','),
    ...{
      RANK: index,
      WORLD_SIZE: size,
      MASTER_ADDR: address,
      MASTER_PORT: port,
      LOCAL_RANK: '0',
      LOCAL_WORLD_SIZE: '1',
    },
    ...{ PET_NNODES: size, PET_NODE_RANK: index, PET_MASTER_ADDR: address, PET_MASTER_PORT: port },
    PET_NPROC_PER_NODE: String(Math.max(1, placement?.devices.length ?? 0)),
  }
}
