/** The policy that lets the hosts of a mesh reach each other in a tailnet, as Tailscale and Headscale read it. */
import type { TailscaleSetup } from './setup.ts'

/** TCP ports of a host that others of the mesh connect to, and that people do. */
export interface PolicyPorts {
  readonly mesh: readonly number[]
  readonly people: readonly number[]
}

type Setup = Pick<TailscaleSetup, 'tags' | 'advertiseRoutes' | 'services'>

/** For the part of the policy that is about the mesh: whoever has one already takes these entries into it. Nothing else is opened. */
export function policyFor({ tags, advertiseRoutes, services }: Setup, { mesh, people }: PolicyPorts): object {
  const at = (ports: readonly number[]): readonly string[] => {
    const list = [...new Set(ports)].toSorted((a, b) => a - b).join(',')
    return tags.map((tag) => `${tag}:${list}`)
  }
  const served = services.map(({ name, port }) => `svc:${name}:${port}`)
  return {
    tagOwners: Object.fromEntries(tags.map((tag) => [tag, ['autogroup:admin']])),
    acls: [
      { action: 'accept', proto: 'tcp', src: tags, dst: at(mesh) },
      ...(people.length === 0 ? [] : [{ action: 'accept', proto: 'tcp', src: ['autogroup:member'], dst: at(people) }]),
      ...(served.length === 0 ? [] : [{ action: 'accept', proto: 'tcp', src: ['autogroup:member'], dst: served }]),
    ],
    ...(advertiseRoutes.length === 0 && services.length === 0
      ? {}
      : {
          autoApprovers: {
            ...(advertiseRoutes.length > 0 && {
              routes: Object.fromEntries(advertiseRoutes.map((range) => [range, tags])),
            }),
            ...(services.length > 0 && {
              services: Object.fromEntries(services.map(({ name }) => [`svc:${name}`, tags])),
            }),
          },
        }),
  }
}
