/** The PacketFilter port by nftables: one table for a daemon, changed in transactions. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { PacketFilter } from '../../ports/packet-filter.ts'
import type { RunTool, ToolResult } from '../../ports/tool.ts'
import { toolProblem } from '../../ports/tool.ts'
import type { Table } from './table.ts'
import { changeText, tableOf, wholeText } from './table.ts'

export interface NftablesInit {
  /** Of the table: no other daemon of this host has it. */
  readonly name: string
  /** Where what is given to `nft` is written. */
  readonly folder: string
  readonly run: RunTool
}

const patience = 20_000
/** Elements of sets and maps. */
const mostListed = 5_000
/** A table with some ten thousand addresses is a MiB. */
const maxBytes = 16 * 1_048_576

/** As it was put in place, and as `nft` lists it. */
interface Applied {
  readonly table: Table
  readonly listing: string
}

export function nftables({ name, folder, run }: NftablesInit): PacketFilter {
  let applied: Applied | null = null
  const attempt = (signal: AbortSignal, command: string, ...args: readonly string[]): Promise<ToolResult> =>
    run(command, args, { timeoutMs: patience, maxBytes, signal })
  const must = async (signal: AbortSignal, command: string, ...args: readonly string[]): Promise<string> => {
    const result = await attempt(signal, command, ...args)
    const problem = toolProblem(command, result, patience)
    if (problem !== null) throw new ClawError('PACKET_FILTER_FAILED', { problem })
    return result.stdout
  }
  /** Of a large table without what is in its sets: to write that out takes seconds. */
  const list = async (table: Table | null, signal: AbortSignal): Promise<string> => {
    const how = table === null || sizeOf(table) > mostListed ? ['-s', '-t'] : ['-s']
    return (await attempt(signal, 'nft', ...how, 'list', 'table', 'ip', name)).stdout
  }
  const give = async (text: string, signal: AbortSignal): Promise<void> => {
    const file = join(folder, `${name}.nft`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rm(`${file}.new`, { force: true })
    await writeFile(`${file}.new`, text, { mode: 0o600, flag: 'wx' })
    await rename(`${file}.new`, file)
    await must(signal, 'nft', '-f', file)
  }

  const isThere = async (signal: AbortSignal): Promise<boolean> => (await list(null, signal)) !== ''

  return {
    obstacle: () => obstacle(attempt),
    async apply(ruling, signal) {
      const table = tableOf(ruling)
      const isWhole = applied !== null && applied.listing === (await list(applied.table, signal))
      const text =
        (applied !== null && isWhole ? changeText(name, applied.table, table) : null) ?? wholeText(name, table)
      if (text.trim() !== '') {
        // Until it is listed, nobody knows what is there.
        applied = null
        await give(text, signal)
        applied = { table, listing: await list(table, signal) }
      }
      return bridgeProblems(ruling.subnet, signal, attempt)
    },
    isThere,
    async remove(signal) {
      applied = null
      if (await isThere(signal)) await must(signal, 'nft', 'delete', 'table', 'ip', name)
    },
  }
}

const sizeOf = ({ elements }: Table): number =>
  Array.from(elements.values()).reduce((sum, some) => sum + some.length, 0)

type Attempt = (signal: AbortSignal, command: string, ...args: readonly string[]) => Promise<ToolResult>

const netAdmin = 12n

async function obstacle(attempt: Attempt): Promise<string | null> {
  if (process.platform !== 'linux') return 'this system is not Linux'
  if ((await attempt(AbortSignal.timeout(patience), 'nft', '--version')).missing)
    return 'nft is not installed (nftables)'
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  return (effective >> netAdmin) & 1n ? null : 'the daemon may not change the network (CAP_NET_ADMIN)'
}

/**
 * What goes from one container to another of the same bridge is only passed on by that, and no rule for IP sees it, unless the kernel
 * shows it to them.
 */
async function bridgeProblems(subnet: string, signal: AbortSignal, attempt: Attempt): Promise<readonly string[]> {
  const bridge = await bridgeOf(subnet, signal, attempt)
  if (bridge === null) return []
  const words = ['link', 'set', 'dev', bridge, 'type', 'bridge', 'nf_call_iptables', '1']
  if (!(await isFiltered())) await attempt(signal, 'modprobe', 'br_netfilter')
  const set = await attempt(signal, 'ip', ...words)
  const reason = (await isFiltered())
    ? toolProblem('ip', set, patience)
    : 'br_netfilter is not loaded: modprobe br_netfilter'
  return reason === null ? [] : [`work of this node is not kept from other work of this node: ${reason}`]
}

const isFiltered = (): Promise<boolean> =>
  readFile('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').then(
    () => true,
    () => false,
  )

/** The interface whose own address is of the subnet; null before there is one. */
async function bridgeOf(subnet: string, signal: AbortSignal, attempt: Attempt): Promise<string | null> {
  const { stdout } = await attempt(signal, 'ip', '-o', '-4', 'address', 'show', 'to', subnet)
  return /^\d+: (\S+) /.exec(stdout)?.[1] ?? null
}
