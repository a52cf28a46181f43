/** What answers for the names of the mesh on this host. */
import { networkInterfaces } from 'node:os'
import { nameServersWith } from '../adapters/dns/name-server.ts'
import { formatCidr, parseIpv4, sizeOf } from '../lib/cidr.ts'
import { NamingService } from '../services/naming/service.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

export function namingOf({ identity, clock, log, config }: Ground, { control }: ControlPlane): NamingService {
  const { enabled, listen, upstreams, forward } = config.network.dns
  const own = log.child('naming')
  return new NamingService(
    {
      ...{ self: identity.id, control, clock, log: own, innerRanges: engineRanges },
      ...{ servers: nameServersWith(own), hostAddresses: () => addressesOf(networkInterfaces()) },
    },
    { serves: enabled, listen, upstreams, forwards: forward },
  )
}

const addressesOf = (interfaces: ReturnType<typeof networkInterfaces>): readonly string[] =>
  Object.values(interfaces).flatMap((some) => (some ?? []).map(({ address }) => address))

/** Of the engine’s usual bridge. Work of strangers has one of its own, which is not among them. */
function engineRanges(): readonly string[] {
  return (networkInterfaces()['docker0'] ?? []).flatMap(({ address, cidr }) => {
    const own = parseIpv4(address)
    const bits = Number(cidr?.split('/')[1])
    if (own === null || !Number.isInteger(bits)) return []
    return formatCidr({ base: own - (own % sizeOf({ bits })), bits })
  })
}
