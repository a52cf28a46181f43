/** The ContainerNetworks port by a Docker Engine: a bridge network for the containers of one node that are in the overlay. */
import type Dockerode from 'dockerode'
import type { ContainerNetwork, ContainerNetworks, NetworkLook } from '../../ports/container-network.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask, connectEngine } from './engine.ts'

/** A look, or making one, takes it milliseconds. */
const patience = 15_000

const mtuOption = 'com.docker.network.driver.mtu'

/** `node`: whose networks these are. */
export function containerNetworks(address: string, node: string): ContainerNetworks {
  const docker = connectEngine(address)
  return {
    async look(name, signal) {
      const info = await inspect(docker, name, signal)
      if (info === null) return null
      const mtu = Number(info.Options?.[mtuOption])
      return {
        owner: ownerOf(info.Labels ?? {}, node),
        subnet: info.IPAM?.Config?.[0]?.Subnet ?? null,
        mtu: Number.isInteger(mtu) ? mtu : null,
        hasIpv6: info.EnableIPv6 ?? false,
        containers: Object.keys(info.Containers ?? {}).length,
      }
    },
    async make(wanted, signal) {
      const options = { ...optionsOf(wanted), Labels: labelsOf(node) }
      try {
        await ask(signal, (abortSignal) => docker.createNetwork({ ...options, abortSignal }), patience)
        return null
      } catch (error) {
        if (statusOf(error) === null) throw engineFailure(error)
        return detailOf(error)
      }
    },
    async remove(name, signal) {
      try {
        await ask(signal, (abortSignal) => docker.getNetwork(name).remove({ abortSignal }), patience)
        return true
      } catch (error) {
        if (statusOf(error) === 404) return true
        // It has containers.
        if (statusOf(error) === 403 || statusOf(error) === 409) return false
        throw engineFailure(error)
      }
    },
  }
}

const labelsOf = (node: string) => ({ 'managed-by': 'clawbernetes', 'claw.node': node })

function ownerOf(labels: Readonly<Record<string, string>>, node: string): NetworkLook['owner'] {
  if (labels['managed-by'] !== 'clawbernetes') return 'stranger'
  return labels['claw.node'] === node ? 'self' : 'node'
}

const optionsOf = ({ name, subnet, mtu, tunnels }: ContainerNetwork) => ({
  Name: name,
  Driver: 'bridge',
  // Its owner may have the engine give it to every network that does not say so.
  EnableIPv6: false,
  IPAM: { Config: [{ Subnet: subnet }] },
  Options: {
    'com.docker.network.bridge.name': name,
    // Other hosts of the overlay see containers by their own addresses; what goes elsewhere the daemon has masqueraded by itself.
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
    // Engines from 28.2 on drop what comes for a container by another interface than its bridge, but for these.
    'com.docker.network.bridge.trusted_host_interfaces': tunnels.join(':'),
    [mtuOption]: String(mtu),
  },
})

/** Null for none of exactly that name: an engine also takes the beginning of an id. */
async function inspect(
  docker: Dockerode,
  name: string,
  signal: AbortSignal,
): Promise<Dockerode.NetworkInspectInfo | null> {
  try {
    const info = await ask(signal, () => docker.getNetwork(name).inspect(), patience)
    return info.Name === name ? info : null
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw engineFailure(error)
  }
}
