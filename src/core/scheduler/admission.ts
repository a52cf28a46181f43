/** Whether a node lets work in at all, and beside whom it may run. */
import type { WorkloadSpec } from '../../model/workload.ts'
import { isTolerated, taintInWords } from '../../model/label.ts'
import type { NodeSnapshot, Obstacle } from './types.ts'

type Labels = Readonly<Record<string, string>>

/** Cordons, drains and taints. Null when nothing keeps the work out. */
export function closedTo(
  { scheduling, taints }: Pick<NodeSnapshot, 'scheduling' | 'taints'>,
  { tolerations }: WorkloadSpec,
): Obstacle | null {
  if (scheduling.mode !== 'open') {
    const why = scheduling.reason === '' ? '' : ` (${scheduling.reason})`
    return scheduling.mode === 'draining'
      ? { one: `is drained${why}`, many: `are drained${why}` }
      : { one: `is cordoned${why}`, many: `are cordoned${why}` }
  }
  const taint = taints.find((one) => one.effect !== 'PreferNoSchedule' && !isTolerated(one, tolerations))
  if (taint === undefined) return null
  const words = `the taint ${taintInWords(taint)}`
  return { one: `has ${words}`, many: `have ${words}` }
}

/** How many taints ask for another node, if there is one. */
export const reluctance = ({ taints }: NodeSnapshot, { tolerations }: WorkloadSpec): number =>
  taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)).length

/** Whom it wants beside itself and whom not. */
export function unwelcome(residents: readonly Labels[], { near = [], apart = [] }: WorkloadSpec): Obstacle | null {
  const lonely = near.find((selector) => !residents.some((labels) => matches(labels, selector)))
  if (lonely !== undefined) {
    const words = `no work with ${inWords(lonely)}`
    return { one: `runs ${words}`, many: `run ${words}` }
  }
  const foe = apart.find((selector) => residents.some((labels) => matches(labels, selector)))
  if (foe === undefined) return null
  const words = `work with ${inWords(foe)}, which it wants to be apart from`
  return { one: `runs ${words}`, many: `run ${words}` }
}

const matches = (labels: Labels, selector: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

const inWords = (selector: Labels): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
