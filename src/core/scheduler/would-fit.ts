/** The fewest changes of a workload that would give it a place now. */
import { taintInWords } from '../../model/label.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import { NodeLedger } from './ledger.ts'
import { offerOf } from './offer.ts'
import { modelMatcher, standingOf } from './standing.ts'
import type { NodeSnapshot } from './types.ts'

interface Change {
  /** In words that follow `would fit`. */
  readonly words: string
  readonly on: (spec: WorkloadSpec) => WorkloadSpec
}

/** More pairs of changes and nodes than that are not tried: whoever asks waits for the answer. */
const mostTries = 20_000

/** Such as `with 2 GPUs instead of 4 (on node-2)`. Null when neither one change would do nor two. */
export function nearestFit(spec: WorkloadSpec, nodes: readonly NodeSnapshot[]): string | null {
  const matches = modelMatcher()
  const ledgers = nodes.map((node) => new NodeLedger(node))
  const homeOf = (changed: WorkloadSpec): string | undefined =>
    ledgers.find((ledger) => {
      const standing = standingOf(ledger.node, changed, matches)
      return !('one' in standing) && offerOf(ledger, standing, changed) !== null
    })?.node.name

  const concessions = [...wishesLeftOut(spec)]
  const tolerances = [...taintsTolerated(nodes)]
  for (const { words, on } of [...concessions, ...fewerDevices(spec), ...tolerances]) {
    const home = homeOf(on(spec))
    if (home !== undefined) return `${words} (on ${home})`
  }
  const both = [...pairsOf([...concessions, ...tolerances])]
  if (both.length * nodes.length > mostTries) return null
  for (const [first, second] of both) {
    const home = homeOf(second.on(first.on(spec)))
    if (home !== undefined) return `${first.words} and ${second.words} (on ${home})`
  }
  return null
}

function* pairsOf<T>(all: readonly T[]): Generator<readonly [T, T]> {
  for (const [i, first] of all.entries()) for (const second of all.slice(i + 1)) yield [first, second]
}

/** Each of the things that it asks for, left out while all others stay: from what is given up most easily to what is hardest. */
function* wishesLeftOut({ gpus, node, nodeSelector, ...rest }: WorkloadSpec): Generator<Change> {
  const { memoryMib, cpus, diskMib, near, apart, executor } = rest
  const { devices, model, memoryMib: gpuMemory, minDriver, minComputeCapability, mig, share } = gpus
  if (node !== undefined) yield without(`on any node instead of ${node}`, { node: undefined })
  if (devices !== undefined)
    yield withGpus('with any GPUs instead of those', { devices: undefined, count: devices.length })
  for (const key of Object.keys(nodeSelector))
    yield { words: `without asking for the label ${key}`, on: (spec) => withoutLabel(spec, key) }
  if (near !== undefined) yield without('without being near other work', { near: undefined })
  if (apart !== undefined) yield without('without being apart from other work', { apart: undefined })
  if (executor !== undefined) yield without(`with another executor than ${executor}`, { executor: undefined })
  if (minDriver !== undefined) yield withGpus('with an older driver', { minDriver: undefined })
  if (minComputeCapability !== undefined)
    yield withGpus('with a lower compute capability', { minComputeCapability: undefined })
  if (gpuMemory !== undefined) yield withGpus('with less memory in each GPU', { memoryMib: undefined })
  if (model !== undefined) yield withGpus(`with another GPU model than ${model}`, { model: undefined })
  if (mig !== undefined) yield withGpus(`with whole GPUs instead of MIG devices ${mig}`, { mig: undefined })
  if (share !== undefined) yield withGpus('with whole GPUs instead of shares', { share: undefined })
  if (diskMib !== undefined) yield without('with less disk', { diskMib: undefined })
  if (cpus !== undefined) yield without(`with fewer than ${cpus} CPU cores`, { cpus: undefined })
  if (memoryMib !== undefined) yield without(`with less than ${memoryMib} MiB of memory`, { memoryMib: undefined })
}

const without = (words: string, parts: Partial<WorkloadSpec>): Change => ({
  words,
  on: (spec) => ({ ...spec, ...parts }),
})

const withGpus = (words: string, parts: Partial<WorkloadSpec['gpus']>): Change => ({
  words,
  on: (spec) => ({ ...spec, gpus: { ...spec.gpus, ...parts } }),
})

const withoutLabel = (spec: WorkloadSpec, key: string): WorkloadSpec => ({
  ...spec,
  nodeSelector: Object.fromEntries(Object.entries(spec.nodeSelector).filter(([name]) => name !== key)),
})

function* fewerDevices({ gpus }: WorkloadSpec): Generator<Change> {
  if (gpus.devices !== undefined) return
  for (let count = gpus.count - 1; count > 0; count -= 1)
    yield withGpus(`with ${count} ${count === 1 ? 'GPU' : 'GPUs'} instead of ${gpus.count}`, { count })
}

function* taintsTolerated(nodes: readonly NodeSnapshot[]): Generator<Change> {
  const all = nodes.flatMap((node) => node.taints).filter(({ effect }) => effect !== 'PreferNoSchedule')
  for (const [words, taint] of new Map(all.map((one) => [taintInWords(one), one])))
    yield {
      words: `if it tolerated the taint ${words}`,
      on: (spec) => ({ ...spec, tolerations: [...(spec.tolerations ?? []), taint] }),
    }
}
