/** How it reads that a node takes work or does not, and what is left on it. */
import type { OutputOf } from '../../../operations/registry.ts'

type Openness = OutputOf<'node.drain'>

const modes: Record<Openness['mode'], string> = {
  open: 'takes new work',
  cordoned: 'takes no new work',
  draining: 'is drained',
}

/** Most workloads that are named. */
const most = 8

export const opennessInWords = (openness: Openness): readonly string[] => {
  const { name, mode, reason, left } = openness
  const why = reason === '' ? '' : ` (${reason})`
  if (mode !== 'draining' || left.length > 0) return [`${name} ${modes[mode]}${why}`, ...leftInWords(openness)]
  return [`${name} ${modes[mode]}${why} and has no work`]
}

/** One line for each workload that is left; of many, the first. */
export function leftInWords({ mode, left }: Openness): readonly string[] {
  if (mode === 'open') return []
  const lines = left.slice(0, most).map(({ name, id, why }) => `  ${name} (${id}) ${why}`)
  return left.length > most ? [...lines, `  and ${left.length - most} more`] : lines
}
