/** The smallest single change of a workload that would give it a place now. */
import { taintInWords } from '../../model/label.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { NodeLedger } from './ledger.ts'
import { offerOf } from './offer.ts'
import { modelMatcher, standingOf } from './standing.ts'
import type { NodeSnapshot } from './types.ts'

interface Variant {
  readonly words: string
  readonly spec: WorkloadSpec
}

/** Such as `with 2 GPUs instead of 4 (on node-2)`. Null when no single change would do. */
export function nearestFit(spec: WorkloadSpec, nodes: readonly NodeSnapshot[]): string | null {
  const matches = modelMatcher()
  const ledgers = nodes.map((node) => new NodeLedger(node))
  for (const { words, spec: variant } of variantsOf(spec, nodes)) {
    const home = ledgers.find((ledger) => {
      const standing = standingOf(ledger.node, variant, matches)
      return !('one' in standing) && offerOf(ledger, standing, variant) !== null
    })
    if (home !== undefined) return `${words} (on ${home.node.name})`
  }
  return null
}

/** From what is given up most easily to what is hardest. */
function* variantsOf(spec: WorkloadSpec, nodes: readonly NodeSnapshot[]): Generator<Variant> {
  const { gpus } = spec
  yield* withoutPart(spec)
  if (gpus.devices === undefined)
    for (let count = gpus.count - 1; count > 0; count -= 1)
      yield {
        words: `with ${count} ${count === 1 ? 'GPU' : 'GPUs'} instead of ${gpus.count}`,
        spec: { ...spec, gpus: { ...gpus, count } },
      }
  const taints = nodes.flatMap((node) => node.taints).filter(({ effect }) => effect !== 'PreferNoSchedule')
  for (const taint of taints) {
    const tolerations = [...(spec.tolerations ?? []), taint]
    yield { words: `if it tolerated the taint ${taintInWords(taint)}`, spec: { ...spec, tolerations } }
  }
}

/** Each of the things that it asks for, left out. */
function* withoutPart(spec: WorkloadSpec): Generator<Variant> {
  const { gpus, node, nodeSelector, memoryMib, cpus, diskMib, near, apart, executor } = spec
  const { devices, model, memoryMib: gpuMemory, minDriver, minComputeCapability, ...bare } = gpus
  const without = (words: string, parts: Partial<WorkloadSpec>): Variant => ({ words, spec: { ...spec, ...parts } })
  const withGpus = (words: string, parts: Partial<WorkloadSpec['gpus']>): Variant =>
    without(words, { gpus: { ...gpus, ...parts } })

  if (node !== undefined) yield without(`on any node instead of ${node}`, { node: undefined })
  if (devices !== undefined)
    yield without('with any GPUs instead of those', { gpus: { ...bare, count: devices.length } })
  for (const key of Object.keys(nodeSelector)) {
    const rest = Object.fromEntries(Object.entries(nodeSelector).filter(([name]) => name !== key))
    yield without(`without asking for the label ${key}`, { nodeSelector: rest })
  }
  if (near !== undefined) yield without('without being near other work', { near: undefined })
  if (apart !== undefined) yield without('without being apart from other work', { apart: undefined })
  if (executor !== undefined) yield without(`with another executor than ${executor}`, { executor: undefined })
  if (minDriver !== undefined) yield withGpus('with an older driver', { minDriver: undefined })
  if (minComputeCapability !== undefined)
    yield withGpus('with a lower compute capability', { minComputeCapability: undefined })
  if (gpuMemory !== undefined) yield withGpus('with less memory in each GPU', { memoryMib: undefined })
  if (model !== undefined) yield withGpus(`with another GPU model than ${model}`, { model: undefined })
  if (diskMib !== undefined) yield without('with less disk', { diskMib: undefined })
  if (cpus !== undefined) yield without(`with fewer than ${cpus} CPU cores`, { cpus: undefined })
  if (memoryMib !== undefined) yield without(`with less than ${memoryMib} MiB of memory`, { memoryMib: undefined })
}
