/**
 * What goes from one container to another of the same bridge is only passed on by that, and no rule for IP sees it, unless the kernel shows
 * it to them.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cidr } from '../../lib/cidr.ts'
import { covers, parseCidr, parseIpv4, sizeOf } from '../../lib/cidr.ts'
import { ClawError } from '../../model/failure.ts'
import type { ToolResult } from '../../ports/tool.ts'
import { toolProblem } from '../../ports/tool.ts'

export type Attempt = (signal: AbortSignal, command: string, ...args: readonly string[]) => Promise<ToolResult>

/** What `br_netfilter` sets for all bridges of a host when it is loaded. */
const forAll = ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables', 'bridge-nf-call-arptables']

export interface BridgedInit {
  readonly attempt: Attempt
  /** Where the kernel has the settings of its bridges. */
  readonly settings: string
  readonly patience: number
}

/** Returns why some packets are not seen, in words, having shown all of the bridges of these ranges to the rules, and of no other bridge. */
export function bridgedPackets({ attempt, settings, patience }: BridgedInit) {
  /** It was this daemon that has loaded the module, and other bridges are not as they were yet. */
  let hasChangedAll = false
  const isLoaded = (): Promise<boolean> =>
    readFile(join(settings, 'bridge-nf-call-iptables'), 'utf8').then(
      () => true,
      () => false,
    )
  const load = async (signal: AbortSignal): Promise<boolean> => {
    if (await isLoaded()) return true
    await attempt(signal, 'modprobe', 'br_netfilter')
    hasChangedAll = await isLoaded()
    return hasChangedAll
  }

  return async (ranges: readonly string[], signal: AbortSignal): Promise<readonly string[]> => {
    const bridges = await bridgesOf(ranges, signal, attempt)
    if (bridges.length === 0) return []
    const isThere = await load(signal)
    if (hasChangedAll) await leaveOthers(settings)
    hasChangedAll = false
    const reasons = isThere ? [] : ['br_netfilter is not loaded: modprobe br_netfilter']
    for (const bridge of isThere ? bridges : []) {
      const set = await attempt(signal, 'ip', 'link', 'set', 'dev', bridge, 'type', 'bridge', 'nf_call_iptables', '1')
      reasons.push(...[toolProblem('ip', set, patience)].filter((one) => one !== null))
    }
    return reasons.map((reason) => `work of this node is not kept from other work of this node: ${reason}`)
  }
}

/** Bridges of others, such as those of virtual machines, were not asked: firewalls of this host would begin to see what passes there. */
async function leaveOthers(settings: string): Promise<void> {
  for (const name of forAll) {
    const path = join(settings, name)
    try {
      await writeFile(path, '0')
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const problem = `br_netfilter shows packets of every bridge to the rules of this host, as ${path} cannot be written: ${error.message}`
      throw new ClawError('PACKET_FILTER_FAILED', { problem }, { cause: error })
    }
  }
}

/** Those whose own address is of the node's part, or whose network an address of an earlier part is in; none before there is one. */
async function bridgesOf(ranges: readonly string[], signal: AbortSignal, attempt: Attempt): Promise<readonly string[]> {
  const wanted = ranges.flatMap((range) => parseCidr(range) ?? [])
  const { stdout } = await attempt(signal, 'ip', '-o', '-4', 'address', 'show', 'type', 'bridge')
  const found = stdout.split('\n').flatMap((line) => {
    const [, name = '', address = '', bits = ''] = /^\d+: (\S+) +inet ([\d.]+)\/(\d+) /.exec(line) ?? []
    const own = parseIpv4(address)
    if (own === null) return []
    const isOf = (range: Cidr): boolean =>
      range.bits === 32 ? covers(networkOf(own, Number(bits)), range) : covers(range, { base: own, bits: 32 })
    return wanted.some(isOf) ? [name] : []
  })
  return [...new Set(found)]
}

function networkOf(address: number, bits: number): Cidr {
  const size = sizeOf({ bits })
  return { base: Math.floor(address / size) * size, bits }
}
