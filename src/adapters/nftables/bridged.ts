/**
 * What goes from one container to another of the same bridge is only passed on by that, and no rule for IP sees it, unless the kernel shows
 * it to them.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

/** Returns why some packets are not seen, in words, having shown all of the bridge of that range to the rules, and of no other bridge. */
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

  return async (subnet: string, signal: AbortSignal): Promise<readonly string[]> => {
    const bridge = await bridgeOf(subnet, signal, attempt)
    if (bridge === null) return []
    const isThere = await load(signal)
    if (hasChangedAll) await leaveOthers(settings)
    hasChangedAll = false
    const set = await attempt(signal, 'ip', 'link', 'set', 'dev', bridge, 'type', 'bridge', 'nf_call_iptables', '1')
    const reason = isThere ? toolProblem('ip', set, patience) : 'br_netfilter is not loaded: modprobe br_netfilter'
    return reason === null ? [] : [`work of this node is not kept from other work of this node: ${reason}`]
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

/** The interface whose own address is of the subnet; null before there is one. */
async function bridgeOf(subnet: string, signal: AbortSignal, attempt: Attempt): Promise<string | null> {
  const { stdout } = await attempt(signal, 'ip', '-o', '-4', 'address', 'show', 'to', subnet)
  return /^\d+: (\S+) /.exec(stdout)?.[1] ?? null
}
