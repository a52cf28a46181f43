/** What takes requests for deployments at this peer, and what all peers have counted of them. */
import { ingressDoor } from '../adapters/proxy/ingress-door.ts'
import { AcmeAuthority } from '../adapters/acme/authority.ts'
import { serviceDoor } from '../adapters/proxy/service-door.ts'
import type { ServicesView } from '../operations/context.ts'
import type { AgentService } from '../services/agent/agent-service.ts'
import type { MembershipService } from '../services/membership/service.ts'
import type { Measure } from '../services/gateway/rollouts.ts'
import { gatherStats, measure } from '../services/proxy/gather.ts'
import type { DoorPlan } from '../services/ingress/service.ts'
import { CertificateService } from '../services/ingress/certificate-service.ts'
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
  { identity, config, clock, log, metrics, disk }: Ground,
  { control, membership }: ControlPlane,
  proxy: ProxyService,
): { readonly ingress: IngressService; readonly certificates: CertificateService } {
  const { listen, tlsListen, certificates, perAddress, bodyRate, acme } = config.ingress
  const limits = { perAddress, pace: { perSecond: bodyRate, withinMs: 30 * second } }
  const files = Object.values(certificates)
  const doors: readonly DoorPlan[] = [
    ...(listen === undefined ? [] : [{ ...splitAddress(listen), certificates: null, ...limits }]),
    ...(tlsListen === undefined ? [] : [{ ...splitAddress(tlsListen), certificates: files, ...limits }]),
  ]
  const ordered = new CertificateService({
    ...{ self: identity.id, mesh: membership.mesh, control, clock, disk, sealer: identity.sealer },
    ...{ authority: authorityOf(acme, disk), hasTls: tlsListen !== undefined, log: log.child('certificates') },
  })
  const ingress = new IngressService({
    ...{ self: identity.id, control, proxy, certificates: ordered, door: ingressDoor, doors, clock, metrics },
    log: log.child('ingress'),
  })
  return { ingress, certificates: ordered }
}

function authorityOf({ directory, contact, agree, roots }: Ground['config']['ingress']['acme'], disk: Ground['disk']) {
  if (directory === undefined) return null
  if (!agree)
    throw new ClawError('CONFIG_INVALID', {
      file: 'ingress',
      problem: 'acme.agree has to be true: the authority asks you to agree to its terms of service',
    })
  return new AcmeAuthority({ directory, contact, roots }, disk)
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
