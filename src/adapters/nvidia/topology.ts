/** The matrix that `nvidia-smi topo -m` prints: how the GPUs of a host are connected, and to which NUMA node. */
import type { GpuLink } from '../../model/gpu.ts'

export interface Topology {
  readonly links: readonly GpuLink[]
  /** NUMA node by GPU index. GPUs near several nodes, or whose node is not told, are left out. */
  readonly numaNodes: ReadonlyMap<number, number>
}

const pciKinds: Readonly<Record<string, GpuLink['kind']>> = {
  PIX: 'pix',
  PXB: 'pxb',
  PHB: 'phb',
  NODE: 'node',
  SYS: 'sys',
  SOC: 'sys',
}

/** Columns for NICs, affinities and whatever a newer driver adds may come in any number; the legend is ignored. */
export function parseTopology(text: string): Topology {
  const lines = text.split('\n').map(cells)
  const header = lines.find(([first]) => first !== undefined && /^GPU\d+$/.test(first)) ?? []
  const matrix = header.filter((name) => /^(GPU|NIC|mlx|CPU)\S*\d+$/i.test(name))
  const affinities = header.slice(matrix.length)
  const links: GpuLink[] = []
  const numaNodes = new Map<number, number>()

  for (const [label, ...row] of lines.slice(lines.indexOf(header) + 1)) {
    const from = gpuNumber(label)
    if (from === null) continue
    for (const [column, name] of matrix.entries()) {
      const to = gpuNumber(name)
      const link = to !== null && from < to ? linkFrom(from, to, row[column]) : null
      if (link !== null) links.push(link)
    }
    const numa = row.slice(matrix.length)[affinities.indexOf('NUMA Affinity')]
    if (numa !== undefined && /^\d+$/.test(numa)) numaNodes.set(from, Number(numa))
  }
  return { links, numaNodes }
}

function linkFrom(from: number, to: number, cell: string | undefined): GpuLink | null {
  const bonded = /^NV(\d+)$/.exec(cell ?? '')?.[1]
  if (bonded !== undefined) return { devices: [from, to], kind: 'nvlink', width: Number(bonded) }
  const kind = pciKinds[cell ?? '']
  return kind === undefined ? null : { devices: [from, to], kind, width: 1 }
}

function gpuNumber(label: string | undefined): number | null {
  const digits = /^GPU(\d+)$/.exec(label ?? '')?.[1]
  return digits === undefined ? null : Number(digits)
}

// Drivers underline the header with terminal codes, and put one tab or several between columns.
const terminalCode = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

const cells = (line: string): readonly string[] =>
  line
    .replace(terminalCode, '')
    .split(/\t+|\s{2,}/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
