/** The Tunnels port by WireGuard's own tools. Keys are only ever in files that this user alone can read, never on a command line. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { RunTool } from '../../ports/tool.ts'
import type { Tunnel, TunnelFiles, Tunnels } from '../../ports/tunnels.ts'
import { attempt, must, mustList, type Tooling } from './commands.ts'
import { makeDevice } from './device.ts'
import { parseDump } from './dump.ts'
import { echo } from './echo.ts'
import { fence, isFenced, unfence } from './fence.ts'
import { hostAddresses } from './host-addresses.ts'
import { passOn } from './pass-on.ts'
import { pathMtu } from './path-mtu.ts'
import { Tables } from './tables.ts'

/** By which routes of ours are known among those of others: no protocol has this number. */
const ourProtocol = '76'

export interface WireguardInit {
  /** Where the files are kept. */
  readonly folder: string
  readonly run: RunTool
}

export function wireguard({ folder, run }: WireguardInit): Tunnels {
  const tables = new Tables()
  const filesOf = (name: string): TunnelFiles => ({
    setconf: join(folder, `${name}.setconf`),
    quick: join(folder, `${name}.conf`),
  })
  const exists = (name: string): boolean => Object.hasOwn(networkInterfaces(), name)
  const removeFiles = async (name: string): Promise<void> => {
    for (const file of Object.values(filesOf(name)) as readonly string[]) await rm(file, { force: true })
  }

  return {
    obstacle: () => obstacle(run),
    exists,
    removeFiles,
    async write(tunnel) {
      const files = filesOf(tunnel.name)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeSecret(files.setconf, tunnel.setconf)
      await writeSecret(files.quick, tunnel.quick)
      return files
    },
    async apply(tunnel, signal) {
      const tooling = { run, signal }
      await makeDevice(tooling, tunnel.name, folder)
      // Before anything can pass.
      await fence(tooling, tables, tunnel)
      await must(tooling, 'wg', 'syncconf', tunnel.name, filesOf(tunnel.name).setconf)
      await must(tooling, 'ip', 'address', 'replace', `${tunnel.address}/32`, 'dev', tunnel.name)
      await must(tooling, 'ip', 'link', 'set', 'dev', tunnel.name, 'mtu', String(tunnel.mtu), 'up')
      await passOn(tunnel.name)
      await route(tooling, tunnel)
    },
    async look(name, signal) {
      const tooling = { run, signal }
      if ((await attempt(tooling, 'ip', 'link', 'show', 'dev', name)).code !== 0) return null
      const text = await must(tooling, 'wg', 'show', name, 'dump')
      const isKept = await isFenced(tooling, tables, name)
      try {
        return { ...parseDump(text), isFenced: isKept }
      } catch (cause) {
        throw new ClawError('OVERLAY_FAILED', { problem: (cause as Error).message }, { cause })
      }
    },
    async remove(name, signal) {
      const tooling = { run, signal }
      if ((await attempt(tooling, 'ip', 'link', 'show', 'dev', name)).code === 0)
        await must(tooling, 'ip', 'link', 'delete', 'dev', name)
      await unfence(tooling, tables, name)
      await removeFiles(name)
    },
    pathMtu: (hosts, signal) => pathMtu({ run, signal }, hosts),
    addresses: (except) => hostAddresses(networkInterfaces(), except),
    echo: (address, { signal, ...options }) => echo({ run, signal }, address, options),
  }
}

async function writeSecret(file: string, text: string): Promise<void> {
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known === text) return
  const made = `${file}.new`
  await rm(made, { force: true })
  await writeFile(made, text, { mode: 0o600, flag: 'wx' })
  await chmod(made, 0o600)
  await rename(made, file)
}

/** Routes that are not wanted any more go last: nobody is without a way meanwhile. */
async function route(tooling: Tooling, { name, address, routes }: Tunnel): Promise<void> {
  const there = (await mustList(tooling, 'route', 'show', 'dev', name, 'proto', ourProtocol)).map(({ dst }) =>
    String(dst).includes('/') ? String(dst) : `${String(dst)}/32`,
  )
  for (const range of routes)
    if (!there.includes(range))
      await must(tooling, 'ip', 'route', 'replace', range, 'dev', name, 'src', address, 'proto', ourProtocol)
  for (const range of there)
    if (!routes.includes(range)) await must(tooling, 'ip', 'route', 'delete', range, 'dev', name, 'proto', ourProtocol)
}

const netAdmin = 12n

async function obstacle(run: RunTool): Promise<string | null> {
  if (process.platform !== 'linux') return 'this system is not Linux'
  const tooling = { run, signal: AbortSignal.timeout(10_000) }
  if ((await attempt(tooling, 'wg', '--version')).missing) return 'wg is not installed (wireguard-tools)'
  if ((await attempt(tooling, 'ip', '-V')).missing) return 'ip is not installed (iproute2)'
  if ((await attempt(tooling, 'nft', '--version')).missing) return 'nft is not installed (nftables)'
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  return (effective >> netAdmin) & 1n ? null : 'the daemon may not change the network (CAP_NET_ADMIN)'
}
