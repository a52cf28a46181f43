/** At which addresses other hosts may reach this one. */
import type { networkInterfaces } from 'node:os'

/** Made by engines and overlays for themselves: nobody outside is reached by them. */
const inner = /^(docker|br-|veth|virbr|cni|flannel|cali|lxc|podman|tailscale|wg)/

/** IPv4 first, as all hosts have that. IPv6 in brackets. */
export function hostAddresses(interfaces: ReturnType<typeof networkInterfaces>, except: string): readonly string[] {
  const all = Object.entries(interfaces)
    .filter(([name]) => !inner.test(name) && !name.startsWith(except))
    .flatMap(([, addresses = []]) => addresses)
    .filter(({ internal }) => !internal)
  const v4 = all.filter(({ family, address }) => family === 'IPv4' && !address.startsWith('169.254.'))
  // Unique local ones (fc00::/7) are as good as private ones of IPv4.
  const v6 = all.filter(({ family, address }) => family === 'IPv6' && /^[23f][0-9a-d]/i.test(address))
  return [...v4.map(({ address }) => address), ...v6.map(({ address }) => `[${address}]`)]
}
