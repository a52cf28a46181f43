/** The whole state as bytes. Maps are written in their own order, so the same log always leads to the same bytes. */
import { type SliceSize, writeJson } from '../../lib/json-slices.ts'
import { joined, type Slices } from '../../lib/slices.ts'
import type { NotedHead } from '../../model/audit.ts'
import type { NodeId, WorkloadId } from '../../model/ids.ts'
import type { MeteredDay } from '../../model/prices.ts'
import { firstVersion } from '../../model/version.ts'
import { writtenKept } from './kept-snapshot.ts'
import { format, type Written } from './snapshot-schema.ts'
import type { State } from './state.ts'
import type { NotedDecision } from './types.ts'
import { writtenVault } from './vault-schemas.ts'

type Outcomes = Written['results']

/** The state as bytes, a slice at a time; as it is at the call, whatever is applied before the last of them is taken. */
export const snapshotSlices = (state: State, size?: SliceSize): Slices<Uint8Array> => writeJson(contentOf(state), size)

/** The same in one piece, made in slices. */
export function* snapshotInSlices(state: State): Slices<void, Uint8Array> {
  const parts: Uint8Array[] = []
  for (const part of snapshotSlices(state)) {
    parts.push(part)
    yield
  }
  return joined(parts)
}

/** All of it at once. */
export const snapshot = (state: State): Uint8Array => joined(snapshotSlices(state))

/** What is in the maps changes no more, so that to keep the state as it is now it is enough to know what is in them now. */
function contentOf(state: State): Written {
  return {
    format,
    ...(state.version > firstVersion.newest && { version: state.version }),
    mesh: state.mesh,
    epoch: state.epoch,
    members: [...state.members.values()] as Written['members'],
    removed: [...state.removed],
    tokens: [...state.tokens.values()] as Written['tokens'],
    sealedKeys: [...state.sealedKeys],
    operators: [...state.operators.values()],
    ...accessOf(state),
    namespaces: [...state.namespaces.values()],
    consumed: [...state.consumed] as [string, [number, number][]][],
    ...(state.metered.size > 0 && { metered: [...state.metered] as [string, MeteredDay[]][] }),
    ...(state.policies.size > 0 && { policies: [...state.policies.values()] as NonNullable<Written['policies']> }),
    ...(state.prices !== null && { prices: state.prices }),
    workloads: [...state.workloads.values()] as Written['workloads'],
    ...(state.deployments.size > 0 && {
      deployments: [...state.deployments.values()] as NonNullable<Written['deployments']>,
    }),
    ...(state.jobs.size > 0 && { jobs: [...state.jobs.values()] as NonNullable<Written['jobs']> }),
    ...(state.crons.size > 0 && { crons: [...state.crons.values()] as NonNullable<Written['crons']> }),
    ...(state.workflows.size > 0 && { workflows: [...state.workflows.values()] as NonNullable<Written['workflows']> }),
    ...writtenVault(state),
    decisions: [...state.decisions] as [WorkloadId, NotedDecision[]][],
    liveness: [...state.liveness],
    ...writtenKept(state),
    ...(state.auditHeads.size > 0 && { auditHeads: [...state.auditHeads] as [NodeId, NotedHead[]][] }),
    events: [...state.events],
    index: state.index,
    at: state.at,
    sequence: state.sequence,
    skipped: state.skipped,
    results: [...state.results] as Outcomes,
    ...(state.workerResults.size > 0 && {
      workerResults: Array.from(state.workerResults, ([node, results]): [NodeId, Outcomes] => [
        node,
        [...results] as Outcomes,
      ]),
    }),
  }
}

/** Nothing while there is nothing, as builds of before know it. */
function accessOf({ roles, users, apikeys }: State): Pick<Written, 'access'> {
  if (roles.size + users.size + apikeys.size === 0) return {}
  const lists = { roles: [...roles.values()], users: [...users.values()], apikeys: [...apikeys.values()] }
  return { access: lists as Written['access'] & object }
}
