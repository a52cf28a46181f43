/** Keeps what is behind bridges of this host, such as containers of strangers, out of a tunnel, and what comes by the tunnel out of those. */
import { attempt, must, type Tooling } from './commands.ts'

const tableOf = (name: string): string => `inet ${name}-fence`

/**
 * One table of nftables for each interface, put in place as a whole. What is answered may pass. A drop is final, whatever the chains of
 * others accept before or after it. Throws OVERLAY_FAILED.
 */
export async function fence(tooling: Tooling, name: string): Promise<void> {
  const table = tableOf(name)
  const rules = [
    `add table ${table}`,
    `flush table ${table}`,
    `add chain ${table} forward { type filter hook forward priority -5 ; policy accept ; }`,
    `add rule ${table} forward oifname "${name}" meta iifkind "bridge" ct state new drop`,
    `add rule ${table} forward iifname "${name}" meta oifkind "bridge" ct state new drop`,
  ]
  await must(tooling, 'nft', rules.join('\n'))
}

/** Somebody who loads rules of their own may have taken it away. */
export const isFenced = async (tooling: Tooling, name: string): Promise<boolean> =>
  (await attempt(tooling, 'nft', 'list', 'table', ...tableOf(name).split(' '))).stdout.match(/drop$/gm)?.length === 2

/** One that is not there is no error. Throws OVERLAY_FAILED. */
export async function unfence(tooling: Tooling, name: string): Promise<void> {
  const table = tableOf(name)
  await must(tooling, 'nft', `add table ${table}\ndelete table ${table}`)
}
