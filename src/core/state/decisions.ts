/** Why each workload is where it is: the last decisions on it, kept with it until it is forgotten. */
import type { WorkloadId } from '../../model/ids.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute, second } from '../../model/time.ts'
import type { Workload } from '../../model/workload.ts'
import { keptOf } from './crowd.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { MeshState, NotedDecision } from './types.ts'

const kinds: ReadonlySet<string> = new Set(
  ['placed', 'rejected', 'withdrawn', 'evicted', 'lost', 'retried', 'waits'].map((kind) => `workload.${kind}`),
)

/** Keeps what is a decision on a workload; the rest of what happens is not. */
export function keepDecision(state: State, workload: WorkloadId, decision: NotedDecision): void {
  if (!kinds.has(decision.type)) return
  const before = state.decisions.get(workload) ?? []
  state.decisions.set(workload, [...before, decision].slice(-keptOf(state, limits.decisions)))
}

/** What waits for a moment only is not worth a word, nor is every change of the reason. */
const worthNoting: { readonly after: Millis; readonly apart: Millis } = { after: 10 * second, apart: minute }

/** Is the reason news of a workload that waits? */
export function isWaitNews(
  { decisions }: Pick<MeshState, 'decisions'>,
  { id, name, submittedAt }: Workload,
  { reason, at }: { readonly reason: string; readonly at: Instant },
): boolean {
  const last = decisions.get(id)?.at(-1)
  if (last === undefined) return at - submittedAt >= worthNoting.after
  if (last.type !== 'workload.waits') return at - last.at >= worthNoting.after
  return last.message !== `${name} waits: ${reason}` && at - last.at >= worthNoting.apart
}

/** Oldest first. */
export const decisionsOn = ({ decisions }: Pick<MeshState, 'decisions'>, id: WorkloadId): readonly NotedDecision[] =>
  decisions.get(id) ?? []
