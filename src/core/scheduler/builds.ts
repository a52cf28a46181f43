/**
 * Nodes that are built alike, told apart from all others once for each inventory. What depends only on how a node is built, and on which of
 * its devices are free, is worked out once for all of them.
 */
import type { GpuDevice } from '../../model/gpu.ts'
import type { NodeInventory } from '../../model/node.ts'
import type { Choice, ChooseDevices } from './devices.ts'
import { chooseDevices } from './devices.ts'

export interface Build {
  /** What was chosen before: by the set of free devices and of hot ones, and how many were wanted. */
  readonly choices: Map<number, Remembered>
}

interface Remembered {
  /** Of the chosen devices, in the inventory. */
  readonly places: readonly number[]
  readonly groups: number
}

/** Two sets of so many devices and a count fit into one whole number. More devices than that are looked at anew each time. */
const mostDevices = 20
/** Of all builds together. */
const mostChoices = 100_000

export class Builds {
  readonly #known = new Map<string, Build>()
  readonly #builds = new WeakMap<NodeInventory, Build>()
  #remembered = 0

  /** How many it tells apart. */
  get size(): number {
    return this.#known.size
  }

  of(inventory: NodeInventory): Build {
    const before = this.#builds.get(inventory)
    if (before !== undefined) return before
    const key = keyOf(inventory)
    const build = this.#known.get(key) ?? { choices: new Map() }
    this.#known.set(key, build)
    this.#builds.set(inventory, build)
    return build
  }

  /** As `chooseDevices` would, on this node. */
  chooser(inventory: NodeInventory): ChooseDevices {
    const { gpus, links } = inventory
    if (gpus.length > mostDevices) return chooseDevices
    const build = this.of(inventory)
    return (candidates, _, { count, hot }) => {
      const key = keyOfChoice(gpus, candidates, { count, hot })
      if (key === null) return chooseDevices(candidates, links, { count, hot })
      const before = build.choices.get(key)
      if (before !== undefined) return chosenFrom(gpus, before)
      const choice = chooseDevices(candidates, links, { count, hot })
      this.#makeRoom()
      build.choices.set(key, { places: choice.devices.map((device) => gpus.indexOf(device)), groups: choice.groups })
      return choice
    }
  }

  /** For one choice more. */
  #makeRoom(): void {
    if (this.#remembered >= mostChoices) {
      for (const build of this.#known.values()) build.choices.clear()
      this.#remembered = 0
    }
    this.#remembered += 1
  }
}

/** All that anybody looks at who fits work to devices, but for their names. */
const keyOf = ({ gpus, links, executors, sharing }: NodeInventory): string =>
  JSON.stringify([
    ...[executors, sharing, links],
    gpus.map(({ index, model, memoryMib, driver, computeCapability, mig, numaNode }) => [
      ...[index, model, memoryMib, driver, computeCapability, mig?.profile ?? null, numaNode],
    ]),
  ])

/** Null when the candidates do not come in the order of the inventory. */
function keyOfChoice(
  gpus: readonly GpuDevice[],
  candidates: readonly GpuDevice[],
  { count, hot }: Parameters<ChooseDevices>[2],
): number | null {
  let [free, warm, place] = [0, 0, 0]
  for (const device of candidates) {
    while (place < gpus.length && gpus[place] !== device) place += 1
    if (place === gpus.length) return null
    free |= 1 << place
    if (hot !== undefined && hot.size > 0 && hot.has(device.uuid)) warm |= 1 << place
  }
  return free + 2 ** mostDevices * (count + (mostDevices + 1) * warm)
}

const chosenFrom = (gpus: readonly GpuDevice[], { places, groups }: Remembered): Choice => ({
  devices: places.flatMap((place) => gpus[place] ?? []),
  groups,
})
