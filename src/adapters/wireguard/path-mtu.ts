/** How large a packet gets to a host in one piece, as far as this host's routes say. */
import { attempt, type Tooling } from './commands.ts'

/** The least of all of them; null when none has a route. */
export async function pathMtu(tooling: Tooling, hosts: readonly string[]): Promise<number | null> {
  const found = await Promise.all(hosts.map((host) => mtuTo(tooling, host)))
  const known = found.filter((mtu) => mtu !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** What the kernel has found out of the path comes before what its first interface takes. */
async function mtuTo(tooling: Tooling, host: string): Promise<number | null> {
  const { code, stdout } = await attempt(tooling, 'ip', '-o', 'route', 'get', host)
  if (code !== 0) return null
  const found = /\bmtu (\d+)/.exec(stdout)?.[1]
  if (found !== undefined) return Number(found)
  const device = /\bdev (\S+)/.exec(stdout)?.[1]
  if (device === undefined) return null
  const link = await attempt(tooling, 'ip', '-o', 'link', 'show', 'dev', device)
  const own = /\bmtu (\d+)/.exec(link.stdout)?.[1]
  return link.code === 0 && own !== undefined ? Number(own) : null
}
