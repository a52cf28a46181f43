/** What a node knows about its accelerators: what they are (inventory) and how they are (sample). */

export type GpuVendor = 'nvidia' | 'amd' | 'intel' | 'apple' | 'unknown'

/** One device that work can be placed on: a whole GPU, or one MIG instance. Changes only when the hardware does. */
export interface GpuDevice {
  /** The vendor tool's own index on this host. */
  readonly index: number
  /** Stable name of the device, unique in the mesh. Simulated devices are named `SIM-…`. */
  readonly uuid: string
  readonly vendor: GpuVendor
  /** The marketing name as the tool prints it, such as `NVIDIA H100 80GB HBM3`. */
  readonly model: string
  readonly memoryMib: number
  readonly pciBusId: string | null
  readonly driver: string | null
  /** CUDA compute capability such as `9.0`, where there is one. */
  readonly computeCapability: string | null
  /** MIG profile such as `1g.10gb` when this is a MIG instance, with the uuid of the GPU that it is cut from. */
  readonly mig: { readonly profile: string; readonly parent: string } | null
  /** NUMA node of the PCI slot, where known. */
  readonly numaNode: number | null
  /** True when the device comes from configuration and not from hardware. */
  readonly simulated: boolean
}

/** Link between two devices of a node, `devices` holding their indexes. */
export interface GpuLink {
  readonly devices: readonly [number, number]
  /** `nvlink` with how many links bonded; `pix`…`sys` as `nvidia-smi topo -m` names PCIe and NUMA distance. */
  readonly kind: 'nvlink' | 'pix' | 'pxb' | 'phb' | 'node' | 'sys'
  readonly width: number
}

export type GpuHealth = 'ok' | 'warning' | 'failed'

/** How a device is right now. `null` means the tool cannot tell (`[N/A]`, `[Not Supported]`). */
export interface GpuSample {
  readonly uuid: string
  readonly utilization: number | null
  readonly memoryUsedMib: number | null
  readonly temperatureC: number | null
  readonly powerW: number | null
  readonly powerLimitW: number | null
  readonly smClockMhz: number | null
  readonly eccUncorrected: number | null
  /** Names of active clock-limiting reasons, `thermal` among them when the device is too hot. Empty when none. */
  readonly throttle: readonly string[]
  readonly health: GpuHealth
  readonly processes: readonly { readonly pid: number; readonly memoryMib: number | null }[]
}

/** Short family name that people type (`H100`, `A100`, `RTX 4090`, `MI300X`), found in a model's full name. */
export function gpuFamily(model: string): string {
  const name = model
    .replace(/^(nvidia|amd|intel|apple)\s+/i, '')
    .replace(/^(geforce|tesla|quadro|instinct|radeon)\s+/i, '')
  const family =
    /^(rtx\s*(?:a|pro\s*)?\d+(?:\s*(?:ti|super|ada))?|[a-z]+\d+[a-z]*|m\d+(?:\s+(?:pro|max|ultra))?)/i.exec(name)
  return (family?.[1] ?? name).replace(/\s+/g, ' ').trim()
}

/** Does a device of this model satisfy a request for `wanted`? Case, vendor and spacing do not matter; `any` matches all. */
export function gpuModelMatches(model: string, wanted: string): boolean {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim()
  if (plain(wanted) === 'any') return true
  return ` ${plain(model)} `.includes(` ${plain(wanted)} `) || plain(gpuFamily(model)) === plain(wanted)
}
