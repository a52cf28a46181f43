/** Who may have a secret, and when it is due, in words. */
import type { OutputOf } from '../../../operations/registry.ts'

type Secret = Pick<OutputOf<'secret.info'>, 'policy' | 'rotation'>

export function policyInWords({
  policy: { allowWorkloads, allowLabels, denyWorkloads },
}: Pick<Secret, 'policy'>): string {
  const labels = Object.entries(allowLabels).map(([key, value]) => `${key}=${value}`)
  const allowed = [...allowWorkloads, ...(labels.length === 0 ? [] : [`labels ${labels.join(',')}`])]
  const who = allowed.length === 0 ? 'all work of the namespace' : `only ${allowed.join(', ')}`
  return denyWorkloads.length === 0 ? who : `${who}, but not ${denyWorkloads.join(', ')}`
}

export function rotationInWords({ rotation }: Pick<Secret, 'rotation'>): string {
  if (rotation === null) return 'by hand'
  if (rotation.isDue) return 'due: give it a new value'
  const every = `every ${rotation.days} day(s)`
  return rotation.length === null ? `${every}, by hand` : `${every}, by the mesh`
}
