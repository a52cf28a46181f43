/** Where this host reaches a port of a container. */
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { PortAddress } from '../../ports/executor.ts'
import { engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import type { TaskLabels } from './labels.ts'

/** Throws WORKLOAD_NOT_RUNNING for a container that is gone, or has no network. */
export async function addressIn(
  docker: Dockerode,
  { container, name }: { readonly container: string; readonly name: string },
  port: number,
  signal: AbortSignal,
): Promise<PortAddress> {
  try {
    const info = await ask(signal, (abortSignal) => docker.getContainer(container).inspect({ abortSignal }))
    const host = hostOf(info)
    if (host !== null) return { host, port }
  } catch (error) {
    if (statusOf(error) !== 404) throw engineFailure(error)
  }
  throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: name, state: 'gone, or without a network' })
}

/** Of a container that is in the overlay. */
export function overlayAddress(
  { NetworkSettings }: Pick<Dockerode.ContainerInspectInfo, 'NetworkSettings'>,
  { network }: Pick<TaskLabels, 'network'>,
): { readonly overlayAddress?: string } {
  const address = network === null ? undefined : NetworkSettings.Networks[network]?.IPAddress
  return address === undefined || address === '' ? {} : { overlayAddress: address }
}

function hostOf({ HostConfig, NetworkSettings }: Dockerode.ContainerInspectInfo): string | null {
  if (HostConfig.NetworkMode === 'host') return '127.0.0.1'
  const addresses = Object.values(NetworkSettings.Networks).flatMap(({ IPAddress, GlobalIPv6Address }) => [
    IPAddress,
    GlobalIPv6Address,
  ])
  return addresses.find((address) => address !== '') ?? null
}
