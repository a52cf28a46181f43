/** Work that is to have more than every container has goes on record with what that is, before anybody can let it in. */
import type { Command, MeshState } from '../core/state/types.ts'
import { withVolumePaths } from '../core/state/volume-paths.ts'
import { done } from '../model/audit.ts'
import { isClawError } from '../model/failure.ts'
import { privilegesOf } from '../model/workload.ts'
import type { OperationContext } from './context.ts'
import type { Caller } from './operation.ts'
import type { Judged } from './privileges.ts'
import { hasBareNodes, judgedExecutor, workIn } from './privileges.ts'

interface Asking {
  readonly context: Pick<OperationContext, 'audit' | 'control' | 'request'>
  readonly caller: Caller
}

/** By this name the record knows it. */
export const exceptionUse = 'privilege.use'

/** Throws DISK_FULL when it cannot be recorded: then it is not done. */
export async function exceptionsRecorded<T>(command: Command, asking: Asking, work: () => Promise<T>): Promise<T> {
  const exceptions = exceptionsIn(command, asking.context.control.state)
  if (exceptions === null) return work()
  const { context, caller } = asking
  const end = await context.audit.begin({
    ...{ actor: caller.id, via: caller.via?.[0] ?? null, operation: exceptionUse, verb: 'use', resource: 'privilege' },
    ...{ ...exceptions, request: context.request ?? '-', makesRoom: false },
  })
  try {
    const result = await work()
    await end(done)
    return result
  } catch (error) {
    await end(isClawError(error) ? error.code : 'INTERNAL')
    throw error
  }
}

/** `train: cap-NET_ADMIN host-mount`; null for work as any other. A volume that is a directory of a host is one of its paths. */
export function exceptionsIn(
  command: Command,
  state: Judged & Pick<MeshState, 'volumes'>,
): { readonly namespace: string; readonly object: string } | null {
  const isBare = hasBareNodes(state)
  const specs = workIn(command, state).map((spec) => withVolumePaths(state, spec))
  const words = new Set(
    specs.flatMap((spec) => [
      ...privilegesOf(spec),
      ...(spec.mounts.some(({ source }) => source.startsWith('/')) ? ['host-mount'] : []),
      ...(judgedExecutor(spec, isBare) === 'process' ? ['process'] : []),
    ]),
  )
  const [first] = specs
  if (first === undefined || words.size === 0) return null
  return { namespace: first.namespace, object: `${nameIn(command, state)}: ${[...words].toSorted().join(' ')}` }
}

/** Of the work, or of what has work made. */
function nameIn(command: Command, { deployments }: Pick<Judged, 'deployments'>): string {
  if (command.type === 'rollback-deployment') return deployments.get(command.deployment)?.name ?? command.deployment
  const fields: Readonly<Record<string, unknown>> = { ...command }
  const named = ['name', 'deployment', 'job', 'cron', 'workflow', 'workload'].map((field) => fields[field])
  return named.find((name) => typeof name === 'string') ?? command.type
}
