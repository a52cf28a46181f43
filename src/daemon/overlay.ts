/** What sets this host's part of the overlay up. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tunnelKeys } from '../adapters/keys/tunnel-keys.ts'
import { systemTools } from '../adapters/system/tool.ts'
import { hostBridges } from '../adapters/wireguard/bridges.ts'
import { wireguard } from '../adapters/wireguard/wireguard.ts'
import type { Config } from '../config/schema.ts'
import { ClawError } from '../model/failure.ts'
import type { ContainerNetworks } from '../ports/container-network.ts'
import type { NamingService } from '../services/naming/service.ts'
import { OverlayService } from '../services/overlay/service.ts'
import type { OverlaySetup } from '../services/overlay/types.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

interface Around {
  /** Of the engine that runs containers here. */
  readonly networks: ContainerNetworks | null
  readonly naming: NamingService
}

export function overlayOf(
  ground: Ground,
  { control, host, membership }: ControlPlane,
  { networks, naming }: Around,
): OverlayService {
  const { identity, config, clock, log, disk, verifier } = ground
  return new OverlayService(
    {
      ...{ self: identity.id, mesh: membership.mesh, control, clock, disk, verifier },
      ...{ signer: identity.signer, sealer: identity.sealer, keys: tunnelKeys, sights: host.sights },
      tunnels: wireguard({ folder: join(config.dataDir, 'overlay'), run: systemTools() }),
      ...{ networks, bridges: hostBridges(systemTools()), onLanes: () => naming.wake() },
      givenKey: () => givenKey(config.network.wireguard.privateKeyPath),
      log: log.child('overlay'),
    },
    setupOf(config.network),
  )
}

const setupOf = ({ provider, wireguard: own }: Config['network']): OverlaySetup => ({
  ...{
    takesPart: provider === 'auto' || provider === 'wireguard',
    manages: own.manage,
    prefix: own.interfacePrefix,
    port: own.listenPort,
  },
  ...{ endpoints: own.endpoints, mtu: own.mtu ?? null, stays: own.stay },
})

/** Throws CONFIG_INVALID for a file that holds no key. */
async function givenKey(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null
  try {
    const key = (await readFile(path, 'utf8')).trim()
    tunnelKeys.publicOf(key)
    return key
  } catch (cause) {
    throw new ClawError('CONFIG_INVALID', { file: path, problem: (cause as Error).message }, { cause })
  }
}
