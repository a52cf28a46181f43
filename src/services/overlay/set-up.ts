/** What a planned lane is as an interface. */
import { laneName } from '../../core/overlay/lanes.ts'
import { renderQuick, renderSetconf } from '../../core/overlay/render.ts'
import type { TunnelKeys } from '../../ports/keys.ts'
import type { Tunnel } from '../../ports/tunnels.ts'
import type { PlannedLane } from './plan-lane.ts'
import type { LaneLook } from './types.ts'

export interface SetUp extends Omit<LaneLook, 'peers'> {
  readonly planned: PlannedLane
  readonly tunnel: Tunnel
}

interface With extends Pick<Tunnel, 'mtu' | 'routes' | 'bridge'> {
  readonly prefix: string
  readonly keys: Pick<TunnelKeys, 'publicOf'>
}

/** Without files, until they are written. */
export function setUpOf(planned: PlannedLane, { prefix, keys, ...parts }: With): SetUp {
  const { generation } = planned
  const config = { ...planned.config, mtu: parts.mtu }
  const name = laneName(prefix, generation)
  const tunnel = {
    ...{ name, address: config.address, ...parts },
    ...{ setconf: renderSetconf(config), quick: renderQuick(config) },
  }
  const publicKey = keys.publicOf(config.privateKey)
  return { generation, name, config, publicKey, planned, tunnel, files: { setconf: '', quick: '' } }
}
