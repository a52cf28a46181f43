/** What takes requests for deployments at this peer, and what all peers have counted of them. */
import { ingressDoor } from '../adapters/proxy/ingress-door.ts'
import { serviceDoor } from '../adapters/proxy/service-door.ts'
import type { ServicesView } from '../operations/context.ts'
import type { AgentService } from '../services/agent/agent-service.ts'
import type { MembershipService } from '../services/membership/service.ts'
import type { Measure } from '../services/gateway/rollouts.ts'
import { gatherStats, measure } from '../services/proxy/gather.ts'
import type { DoorPlan } from '../services/ingress/service.ts'
import { IngressService } from '../services/ingress/service.ts'
import { ProxyService } from '../services/proxy/service.ts'
import { ClawError } from '../model/failure.ts'
import { second } from '../model/time.ts'
import type { ConnectTo } from './connect-to.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Ground } from './ground.ts'

interface Ways {
  readonly agent: AgentService
  readonly connect: ConnectTo
}

export function proxyOf(ground: Ground, { control, host }: ControlPlane, { agent, connect }: Ways): ProxyService {
  const { identity, config, clock, log, metrics } = ground
  return new ProxyService({
    ...{ self: identity.id, control, rpc: host.rpc, door: serviceDoor, bind: config.service.bind, clock, metrics },
    address: (placement, port, signal) => agent.address(placement, port, signal),
    connect,
    log: log.child('proxy'),
  })
}

/** What this host takes from outside; nothing unless its owner says so. */
export function ingressOf(
  { identity, config, clock, log, metrics }: Ground,
  { control }: ControlPlane,
  proxy: ProxyService,
) {
  const { listen, tlsListen, certificates, perAddress, bodyRate } = config.ingress
  const limits = { perAddress, pace: { perSecond: bodyRate, withinMs: 30 * second } }
  const files = Object.values(certificates)
  if (tlsListen !== undefined && files.length === 0)
    throw new ClawError('CONFIG_INVALID', { file: 'ingress', problem: 'tls_listen needs a certificate' })
  const doors: readonly DoorPlan[] = [
    ...(listen === undefined ? [] : [{ ...splitAddress(listen), certificates: null, ...limits }]),
    ...(tlsListen === undefined ? [] : [{ ...splitAddress(tlsListen), certificates: files, ...limits }]),
  ]
  return new IngressService({
    ...{ self: identity.id, control, proxy, door: ingressDoor, doors, clock, metrics },
    log: log.child('ingress'),
  })
}

function splitAddress(address: string): { readonly bind: string; readonly port: number } {
  const at = address.lastIndexOf(':')
  return { bind: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) }
}

interface Gathered {
  readonly proxy: ProxyService
  readonly members: MembershipService
}

export function servicesOf(
  { identity, clock }: Ground,
  { control, host }: ControlPlane,
  { proxy, members }: Gathered,
): { readonly services: ServicesView; readonly measure: Measure } {
  const deps = {
    ...{ self: identity.id, rpc: host.rpc, clock, proxy },
    peers: () => [...control.state.members.keys()].filter((node) => members.view(node).liveness === 'alive'),
  }
  const services: ServicesView = {
    stats: (deployment, span, signal) => gatherStats(deps, { deployment, span }, signal),
  }
  return { services, measure: measure(deps) }
}
