/** Keeps what is behind bridges of this host, such as containers of strangers, out of a tunnel, and what comes by the tunnel out of those. */
import type { Tunnel } from '../../ports/tunnels.ts'
import type { Tooling } from './commands.ts'
import type { Tables } from './tables.ts'

const tableOf = (name: string): string => `inet ${name}-fence`

/**
 * One table for each interface. What is answered may pass. A drop is final, whatever the chains of others accept before or after it.
 * The bridge of the mesh's own containers is passed by, for what is sent by their own addresses. Throws OVERLAY_FAILED.
 */
export async function fence(
  tooling: Tooling,
  tables: Tables,
  { name, bridge: wanted }: Pick<Tunnel, 'name' | 'bridge'>,
): Promise<void> {
  const table = tableOf(name)
  if (wanted === 'unknown' && (await tables.isThere(tooling, table))) return
  const bridge = wanted === 'unknown' ? null : wanted
  const rule = (words: string): string => `add rule ${table} forward ${words} drop`
  const [from, to] = bridge === null ? ['', ''] : [`iifname != "${bridge.name}"`, `oifname != "${bridge.name}"`]
  await tables.put(tooling, table, [
    `add chain ${table} forward { type filter hook forward priority -5 ; policy accept ; }`,
    rule(`oifname "${name}" ${from} meta iifkind "bridge" ct state new`),
    rule(`iifname "${name}" ${to} meta oifkind "bridge" ct state new`),
    ...(bridge === null ? [] : [rule(`oifname "${name}" iifname "${bridge.name}" ip saddr != ${bridge.subnet}`)]),
  ])
}

export const isFenced = (tooling: Tooling, tables: Tables, name: string): Promise<boolean> =>
  tables.isWhole(tooling, tableOf(name))

/** One that is not there is no error. Throws OVERLAY_FAILED. */
export const unfence = (tooling: Tooling, tables: Tables, name: string): Promise<void> =>
  tables.remove(tooling, tableOf(name))
