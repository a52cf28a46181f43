/** The HostBridges port by the tools of nftables and iptables: what the bridge of the mesh's containers may pass. */
import type { HostBridges, Passage } from '../../ports/container-network.ts'
import type { RunTool } from '../../ports/tool.ts'
import { attempt, must, mustList, type Tooling } from './commands.ts'
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

/** As `iptables -S` prints them. */
const acceptsOf = ({ name, tunnels }: Pick<Passage, 'name' | 'tunnels'>): readonly string[] =>
  tunnels.flatMap((tunnel) => [
    `-i ${tunnel} -o ${name} -m comment --comment clawbernetes -j ACCEPT`,
    `-i ${name} -o ${tunnel} -m comment --comment clawbernetes -j ACCEPT`,
  ])

/** Null where the engine has no such chain, and drops nothing by iptables. */
async function accepted(tooling: Tooling): Promise<readonly string[] | null> {
  const [program, ...words] = iptables
  const { code, stdout } = await attempt(tooling, program, ...words, '-S', chain)
  return code === 0 ? stdout.split('\n').map((line) => line.replace(`-A ${chain} `, '')) : null
}
