/** The HostBridges port by the tools of nftables and iptables: what the bridge of the mesh's containers may pass. */
import type { HostBridges, Passage } from '../../ports/container-network.ts'
import { ClawError } from '../../model/failure.ts'
import type { RunTool, ToolResult } from '../../ports/tool.ts'
import { attempt, must, mustList, problemOf, type Tooling } from './commands.ts'
import { passOn } from './pass-on.ts'
import { Tables } from './tables.ts'

export function hostBridges(run: RunTool): HostBridges {
  const tables = new Tables()
  return {
    async addressesOf(name, signal) {
      const tooling = { run, signal }
      if ((await attempt(tooling, 'ip', 'link', 'show', 'dev', name)).code !== 0) return null
      const [link] = await mustList(tooling, '-4', 'address', 'show', 'dev', name)
      const found = (link?.['addr_info'] ?? []) as readonly { readonly local?: string; readonly prefixlen?: number }[]
      return found.map(({ local, prefixlen }) => `${local ?? ''}/${prefixlen ?? ''}`)
    },
    async open(passage, signal) {
      const tooling = { run, signal }
      const table = tableOf(passage)
      if (!(await tables.isWhole(tooling, table))) await tables.put(tooling, table, rulesOf(passage))
      await passOn(passage.name)
      const there = await accepted(tooling)
      for (const rule of acceptsOf(passage))
        if (there?.includes(rule) === false) await must(tooling, ...iptables, '-I', chain, '1', ...rule.split(' '))
    },
    async close(passage, signal) {
      const tooling = { run, signal }
      await tables.remove(tooling, tableOf(passage))
      // Without the tool nothing was put there.
      if ((await attempt(tooling, iptables[0], '--version')).missing) return
      const there = await accepted(tooling)
      for (const rule of acceptsOf(passage))
        if (there?.includes(rule) === true) await must(tooling, ...iptables, '-D', chain, ...rule.split(' '))
    },
  }
}

const tableOf = ({ name }: Pick<Passage, 'name'>): string => `ip ${name}`

/**
 * To the rest of the world its containers are their host, as those of the engine's usual network are. What is behind other bridges, such as
 * containers of strangers, does not get to them, also where the engine keeps its networks apart by no rules.
 */
function rulesOf(passage: Passage): readonly string[] {
  const { name, subnet, overlay } = passage
  const table = tableOf(passage)
  return [
    `add chain ${table} leave { type nat hook postrouting priority 100 ; policy accept ; }`,
    `add rule ${table} leave oifname != "${name}" ip saddr ${subnet} ip daddr != { ${overlay.join(', ')} } masquerade`,
    `add chain ${table} forward { type filter hook forward priority -5 ; policy accept ; }`,
    `add rule ${table} forward oifname "${name}" iifname != "${name}" meta iifkind "bridge" ct state new drop`,
  ]
}

/** Where an engine lets the owner of its host accept what it would drop. */
const chain = 'DOCKER-USER'
const iptables = ['iptables', '-w', '5'] as const

/** As `iptables -S` prints them. What comes by a tunnel may also leave by one: two nodes that do not reach each other go by a third. */
const acceptsOf = ({ name, tunnels }: Pick<Passage, 'name' | 'tunnels'>): readonly string[] =>
  tunnels.flatMap((tunnel) => [
    ...[accept(tunnel, name), accept(name, tunnel)],
    ...tunnels.map((other) => accept(tunnel, other)),
  ])

const accept = (from: string, to: string): string => `-i ${from} -o ${to} -m comment --comment clawbernetes -j ACCEPT`

/** Null where the engine has no such chain, and drops nothing by iptables. Throws OVERLAY_FAILED where that cannot be told. */
async function accepted(tooling: Tooling): Promise<readonly string[] | null> {
  const [program, ...words] = iptables
  const result = await attempt(tooling, program, ...words, '-S', chain)
  const problem = problemOf(program, result)
  if (problem === null) return result.stdout.split('\n').map((line) => line.replace(`-A ${chain} `, ''))
  if (!result.timedOut && (await isNoChain(tooling, result))) return null
  throw new ClawError('OVERLAY_FAILED', { problem })
}

/** Some versions for nf_tables say of a chain that is not there what they say of one that they cannot read; `nft` knows which it is. */
async function isNoChain(tooling: Tooling, { stderr }: ToolResult): Promise<boolean> {
  if (stderr.includes('No chain/target/match by that name')) return true
  if (!stderr.includes('is incompatible')) return false
  const { code, stderr: words } = await attempt(tooling, 'nft', 'list', 'chain', 'ip', 'filter', chain)
  return code !== 0 && words.includes('No such file or directory')
}
