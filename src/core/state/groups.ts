/** What was submitted together: the parts of an array, which have nothing to do with each other, or of a gang. */
import type { GroupId } from '../../model/ids.ts'
import type { Part, Workload } from '../../model/workload.ts'
import type { State } from './state.ts'
import type { MeshState } from './types.ts'

/** Those that are still known, by their index. */
export const partsOf = (
  { groups, workloads }: Pick<MeshState, 'groups' | 'workloads'>,
  group: GroupId,
): readonly Workload[] =>
  [...(groups.get(group) ?? [])]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, id]) => {
      const part = workloads.get(id)
      return part === undefined ? [] : [part]
    })

/** Its parts start together or not at all. */
export const isGang = ({ spec }: Pick<Workload, 'spec'>): boolean => spec.parts?.gang === true

/** What waits together with it: the parts of its gang that wait, or only itself. */
export const waitingWith = (state: Pick<MeshState, 'groups' | 'workloads'>, workload: Workload): readonly Workload[] =>
  workload.part !== null && isGang(workload)
    ? partsOf(state, workload.part.group).filter((part) => part.state === 'pending')
    : [workload]

/** What the group is called, after which its parts are. Null for what was submitted alone. */
export const groupName = ({ name, part }: Pick<Workload, 'name' | 'part'>): string | null =>
  part === null ? null : name.slice(0, -`-${part.index}`.length)

export function rememberPart({ groups }: State, { id, part }: Workload): void {
  if (part === null) return
  const parts = groups.get(part.group) ?? new Map<number, Workload['id']>()
  groups.set(part.group, parts.set(part.index, id))
}

export function forgetPart({ groups }: State, { group, index }: Part): void {
  const parts = groups.get(group)
  parts?.delete(index)
  if (parts?.size === 0) groups.delete(group)
}
