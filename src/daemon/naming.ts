/** What answers for the names of the mesh on this host. */
import { networkInterfaces } from 'node:os'
import { nameServers } from '../adapters/dns/name-server.ts'
import { formatCidr, parseIpv4, sizeOf } from '../lib/cidr.ts'
import { NamingService } from '../services/naming/service.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

export function namingOf({ identity, clock, log, config }: Ground, { control }: ControlPlane): NamingService {
  const { enabled, listen, upstreams, forward } = config.network.dns
  return new NamingService(
    { self: identity.id, control, clock, log: log.child('naming'), servers: nameServers, innerRanges: engineRanges },
    { serves: enabled, listen, upstreams, forwards: forward },
  )
}

/** Of the engine’s usual bridge. Work of strangers has one of its own, which is not among them. */
function engineRanges(): readonly string[] {
  return (networkInterfaces()['docker0'] ?? []).flatMap(({ address, cidr }) => {
    const own = parseIpv4(address)
    const bits = Number(cidr?.split('/')[1])
    if (own === null || !Number.isInteger(bits)) return []
    return formatCidr({ base: own - (own % sizeOf({ bits })), bits })
  })
}
