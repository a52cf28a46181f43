/**
 * How much room the state has, and who has taken how much of it. All of it is written as one snapshot, held in memory by every peer and sent
 * to whoever joins, so there is an end to it; and one namespace does not take what others need.
 */
import { WeighedMap } from '../../lib/weighed-map.ts'
import { firstVersion } from '../../model/version.ts'
import { limits } from './state.ts'
import type { Command, MeshState } from './types.ts'

/** What belongs to namespaces, and grows with what users ask for. */
const ofNamespaces = [
  'workloads',
  'deployments',
  'jobs',
  'crons',
  'workflows',
  'secrets',
  'configs',
  'volumes',
  'backups',
  'backupSchedules',
  'ingresses',
  'networkPolicies',
] as const
/** What belongs to the mesh. */
const ofAll = ['decisions', 'members', 'tokens', 'users', 'metered', 'certificates'] as const

export type Room = Pick<MeshState, 'version' | (typeof ofNamespaces)[number] | (typeof ofAll)[number]>

/** Of a view of the state, in which not all is seen, nothing is known. */
const isWeighed = (map: unknown): map is WeighedMap<unknown, object> => map instanceof WeighedMap

/** Characters that all of it takes. */
export const takenInAll = (state: Room): number =>
  [...ofNamespaces, ...ofAll].reduce((sum, part) => sum + (isWeighed(state[part]) ? state[part].weight : 0), 0)

export const takenBy = (state: Room, namespace: string): number =>
  ofNamespaces.reduce((sum, part) => sum + (isWeighed(state[part]) ? state[part].weightOf(namespace) : 0), 0)

/** It has grown beyond what may be asked for, by what became of work: less is remembered of that until there is room again. */
export const isCrowded = (state: Room): boolean =>
  state.version > firstVersion.newest && takenInAll(state) > limits.crowdedBytes

/** How many of a history of so many are kept. */
export const keptOf = (state: Room, most: number): number => (isCrowded(state) ? 1 : most)

/** Long enough for a reason. */
const mostWords = 256

/** What a node says of its work, in fewer words while there is little room. */
export function brief<C extends Command>(state: Room, command: C): C {
  if (!command.type.startsWith('report-') && command.type !== 'reject') return command
  if (command.type === 'report-inventory' || !isCrowded(state)) return command
  return shortened(command) as C
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, mostWords)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shortened(part)]))
}
