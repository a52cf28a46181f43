/** Where this host's containers get their images. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { dockerImages } from '../adapters/docker/image-store.ts'
import { registryCredentials } from '../adapters/docker/registry-credentials.ts'
import type { NodeId } from '../model/ids.ts'
import { isTerminal } from '../model/workload.ts'
import { ImageService } from '../services/images/image-service.ts'
import type { Membership } from '../services/membership/types.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

const mib = 1_048_576

interface Around {
  readonly plane: Pick<ControlPlane, 'control' | 'host'>
  /** There is none yet when the executors are made. */
  readonly membership: () => Membership
  readonly address: string
}

/** Makes it; nothing is started. */
export function imagesOf(ground: Ground, { plane, membership, address }: Around): ImageService {
  const { clock, random, disk, log, metrics, config, identity } = ground
  const { control, host } = plane
  const credentials = registryCredentials({
    logins: config.registry.logins,
    dockerConfig: config.registry.dockerConfig ?? join(dockerFolder(), 'config.json'),
  })
  const { share, transfers, mibPerSecond, mostGib } = config.images
  return new ImageService(
    {
      store: dockerImages({ address, clock, credentials }),
      ...{ rpc: host.rpc, disk, clock, random, metrics },
      log: log.child('images'),
      candidates: (reference) => candidates(reference, { control, membership: membership(), self: identity.id }),
      nameOf: (node) => control.state.members.get(node)?.name ?? node,
      wanted: () =>
        Array.from(control.state.workloads.values()).flatMap(({ spec, state, placement }) =>
          isTerminal(state) || (placement !== null && placement.node !== identity.id) ? [] : [spec.image],
        ),
    },
    { share, transfers, bytesPerSecond: mibPerSecond * mib, mostBytes: mostGib * 1_024 * mib },
  )
}

/** As Docker's own tools do it. */
const dockerFolder = (): string => process.env['DOCKER_CONFIG'] || join(homedir(), '.docker')

interface Known {
  readonly control: ControlPlane['control']
  readonly membership: Membership
  readonly self: NodeId
}

function candidates(reference: string, { control, membership, self }: Known): readonly NodeId[] {
  const { members, images } = control.state
  const holders = images.get(reference)
  const others = [...members.values()].filter(
    ({ id, inventory }) =>
      id !== self &&
      inventory?.executors.includes('docker') === true &&
      !['lost', 'left'].includes(membership.view(id).liveness),
  )
  const ids = others.map(({ id }) => id)
  return [...ids.filter((id) => holders?.has(id)), ...ids.filter((id) => holders?.has(id) !== true)]
}
