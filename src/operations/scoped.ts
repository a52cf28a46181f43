/** The mesh as one caller may see it. Whoever may read all work sees all; everybody else is given views from which the rest is left out. */
import type { Standing } from '../core/access/decide.ts'
import { judge } from '../core/access/decide.ts'
import type { Sight } from '../core/access/scoped-state.ts'
import { scopedState } from '../core/access/scoped-state.ts'
import type { MeshState } from '../core/state/types.ts'
import type { Permission } from '../model/access.ts'
import type { Control } from '../services/control/types.ts'
import type { OperationContext } from './context.ts'
import { shownOf } from './mesh/measured.ts'

/** What it takes to be shown all of it. */
export const allWork: Permission = { verb: 'read', resource: 'workload' }

export const mayReadAll = (standing: Standing): boolean => judge(standing, { ...allWork, namespace: null }).isAllowed

/** By what the caller is worth at the time. `isMeant` leaves out more. */
export function scoped(
  context: OperationContext,
  standing: () => Standing,
  isMeant?: (namespace: string) => boolean,
): OperationContext {
  const may = (resource: string, namespace: string | null): boolean =>
    judge(standing(), { verb: 'read', resource, namespace }).isAllowed
  if (isMeant === undefined && may('workload', null)) return context
  const sight: Sight = {
    sees: (namespace) => may('workload', namespace) && isMeant?.(namespace) !== false,
    seesMesh: () => may('event', null),
  }
  const control = scopedControl(context.control, sight)
  return {
    ...context,
    control,
    everything: context.control,
    logs: {
      read: (placement, query, signal) => context.logs.read(placement, query, signal),
      kept: () => context.logs.kept().filter(({ workload }) => control.state.workloads.has(workload)),
    },
    spool: {
      entries: () => context.spool.entries().filter(({ spec }) => sight.sees(spec.namespace)),
      keep: (submission) => context.spool.keep(submission),
      drop: (command) => context.spool.drop(command),
    },
    sight: { follow: (signal) => context.sight.follow(signal, sight.sees) },
    measured: { read: () => shownOf(context.measured.read(), (name) => control.state.names.has(name)) },
  }
}

function scopedControl(whole: Control, sight: Sight): Control {
  let seen: { readonly of: MeshState; readonly state: MeshState } | null = null
  return {
    get state() {
      const { state } = whole
      // Another one takes its place when a snapshot is installed.
      if (seen?.of !== state) seen = { of: state, state: scopedState(state, sight) }
      return seen.state
    },
    get outdated() {
      return whole.outdated
    },
    status: () => whole.status(),
    onChange: (listener) => whole.onChange(listener),
    onRole: (listener) => whole.onRole(listener),
    execute: (command, options) => whole.execute(command, options),
    fresh: (freshness, signal) => whole.fresh(freshness, signal),
  }
}
