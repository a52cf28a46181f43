/** The PacketFilter port by nftables: one table for a daemon, changed in transactions. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '../../lib/error-code.ts'
import { ClawError } from '../../model/failure.ts'
import type { PacketFilter } from '../../ports/packet-filter.ts'
import type { RunTool, ToolResult } from '../../ports/tool.ts'
import { toolProblem } from '../../ports/tool.ts'
import type { Attempt } from './bridged.ts'
import { bridgedPackets } from './bridged.ts'
import type { Table } from './table.ts'
import { changeText, tableOf, wholeText } from './table.ts'

export interface NftablesInit {
  /** Of the table: no other daemon of this host has it. */
  readonly name: string
  /** Where what is given to `nft` is written. */
  readonly folder: string
  readonly run: RunTool
  /** Where the kernel has the settings of its bridges. */
  readonly bridges?: string
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

export function nftables({ name, folder, run, bridges = '/proc/sys/net/bridge' }: NftablesInit): PacketFilter {
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
    await write(file, text)
    await must(signal, 'nft', '-f', file)
  }

  const bridged = bridgedPackets({ attempt, settings: bridges, patience })
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
      return bridged(ruling.ranges, signal)
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

/** In one piece, whatever happens meanwhile. Throws DISK_FULL, and PACKET_FILTER_FAILED for what else a disk may refuse. */
async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await rm(`${file}.new`, { force: true })
    await writeFile(`${file}.new`, text, { mode: 0o600, flag: 'wx' })
    await rename(`${file}.new`, file)
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw new ClawError('DISK_FULL', { path: file }, { cause: error })
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new ClawError('PACKET_FILTER_FAILED', { problem: `${file}: ${error.message}` }, { cause: error })
  }
}

const netAdmin = 12n

async function obstacle(attempt: Attempt): Promise<string | null> {
  if (process.platform !== 'linux') return 'this system is not Linux'
  if ((await attempt(AbortSignal.timeout(patience), 'nft', '--version')).missing)
    return 'nft is not installed (nftables)'
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  return (effective >> netAdmin) & 1n ? null : 'the daemon may not change the network (CAP_NET_ADMIN)'
}
