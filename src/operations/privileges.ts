/**
 * Who may have containers that are more than containers. Looked at where commands are handed to the mesh, at whatever speaks of work in
 * them, so that no operation can forget it.
 */
import { placeToGoBack } from '../core/state/deployments.ts'
import type { Command, MeshState } from '../core/state/types.ts'
import { revisionOf } from '../model/deployment.ts'
import { ClawError } from '../model/failure.ts'
import { sourceObstacle } from '../model/host-path.ts'
import { inWords } from '../model/privilege.ts'
import type { WorkloadSpec } from '../model/workload.ts'
import { networkOf, privilegesOf } from '../model/workload.ts'
import type { Call } from './operation.ts'
import { beyond } from './touched.ts'

/** What the judgement takes of the mesh. */
export type Judged = Pick<MeshState, 'members' | 'deployments'>

/** Whether some node runs work as a plain process unless it is told otherwise. */
export const hasBareNodes = ({ members }: Pick<MeshState, 'members'>): boolean =>
  [...members.values()].some(({ inventory }) => inventory?.executors[0] === 'process')

/** What runs it, as far as it matters to who may have it: with bare nodes, work that names no executor may become a plain process. */
export const judgedExecutor = ({ executor }: WorkloadSpec, isBare: boolean): string | undefined =>
  executor ?? (isBare ? 'process' : undefined)

/** Throws PERMISSION_DENIED for what the caller may not give, and MOUNT_DENIED for a path that nobody gets. */
export function requirePrivileges(may: Call['may'], command: Command, state: Judged): void {
  const isBare = hasBareNodes(state)
  if (command.type === 'create-volume' && command.volume.hostPath !== null) requirePath(command.volume.hostPath)
  for (const spec of workIn(command, state)) {
    for (const { source } of spec.mounts) requirePath(source)
    const { namespace } = spec
    const volumes = spec.mounts.map(({ source }) => source)
    for (const { verb, resource } of beyond({ volumes, executor: judgedExecutor(spec, isBare) }))
      if (!may({ verb, resource }, namespace))
        throw refusal(resource === 'host-mount' ? 'paths of its host' : bareWords(spec), namespace)
    const asked = privilegesOf(spec)
    if (asked.length === 0 || may({ verb: 'use', resource: 'privilege' }, namespace)) continue
    const mayNetwork = may({ verb: 'use', resource: 'host-network' }, namespace)
    const missing = mayNetwork ? asked.filter((one) => one !== hostNetwork) : asked
    if (missing.length > 0) throw refusal(`${inWords(missing)}${gangWords(spec, missing)}`, namespace)
  }
}

/** What of it a narrower permission is enough for. */
const hostNetwork = 'host-network'

/** Nobody has said so. */
const gangWords = (spec: WorkloadSpec, missing: readonly string[]): string =>
  missing.includes(hostNetwork) && spec.network === undefined && networkOf(spec) === 'host'
    ? ', as a gang has it unless --network bridge is said,'
    : ''

const bareWords = ({ executor }: WorkloadSpec): string =>
  executor === undefined
    ? 'no container around it, as on some nodes unless --executor docker is said,'
    : 'no container around it'

function requirePath(path: string): void {
  const why = sourceObstacle(path)
  if (why !== null) throw new ClawError('MOUNT_DENIED', { path, why })
}

const refusal = (what: string, namespace: string): ClawError =>
  new ClawError('PERMISSION_DENIED', { action: `run work with ${what} in ${namespace}` })

/** Every workload that it would let in: what stands in it, and the revision that a deployment would go back to. */
export function workIn(command: Command, { deployments }: Pick<Judged, 'deployments'>): readonly WorkloadSpec[] {
  if (command.type !== 'rollback-deployment') return [...specsIn(command)]
  const deployment = deployments.get(command.deployment)
  if (deployment === undefined) return []
  const number = command.revision ?? placeToGoBack(deployment)
  const revision = number === null ? undefined : revisionOf(deployment, number)
  return revision === undefined ? [] : [revision.spec]
}

function* specsIn(value: unknown): Generator<WorkloadSpec, undefined> {
  if (typeof value !== 'object' || value === null) return undefined
  if (isSpec(value)) yield value
  else for (const inner of Object.values(value)) yield* specsIn(inner)
  return undefined
}

const isSpec = (value: object): value is WorkloadSpec =>
  'image' in value && 'mounts' in value && 'nodeSelector' in value
