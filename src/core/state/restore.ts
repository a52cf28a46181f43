/** A state from the bytes of a snapshot, a slice at a time. */
import { z } from 'zod'
import { readJson, type SliceSize, usualSlice } from '../../lib/json-slices.ts'
import { Recent } from '../../lib/recent.ts'
import { atOnce, type Slices } from '../../lib/slices.ts'
import { weigh } from '../../lib/weighed-map.ts'
import { ClawError } from '../../model/failure.ts'
import { covers, firstVersion, type VersionRange } from '../../model/version.ts'
import { reindex } from './holdings.ts'
import { readKept } from './kept-snapshot.ts'
import { SnapshotSchema, type Written } from './snapshot-schema.ts'
import type { State } from './state.ts'
import { createState, limits, weighed } from './state.ts'
import { readVault } from './vault-schemas.ts'
import { supported } from './versions.ts'

/** How every snapshot begins, so that its version is known before anything else of it is read. The version is left out of the first. */
const beginning = /^\{"format":1,"version":(\d{1,6}),/

/** Of what may be a snapshot, read from how it begins. */
export const versionOf = (bytes: Uint8Array): number =>
  Number(beginning.exec(new TextDecoder().decode(bytes.subarray(0, 64)))?.[1] ?? firstVersion.newest)

/** All of it at once; throws as `restoreSlices`. */
export const restore = (bytes: Uint8Array, applies?: VersionRange): State => atOnce(restoreSlices(bytes, { applies }))

/** Throws VERSION_UNSUPPORTED for a version that this build does not apply, and STATE_CORRUPT when the bytes are no snapshot. */
export function* restoreSlices(
  bytes: Uint8Array,
  {
    applies = supported,
    size = usualSlice,
  }: { readonly applies?: VersionRange | undefined; readonly size?: SliceSize } = {},
): Slices<void, State> {
  const written = versionOf(bytes)
  if (!covers(applies, written))
    throw new ClawError('VERSION_UNSUPPORTED', { found: `a state of version ${written}`, ...applies })
  const {
    mesh,
    version = firstVersion.newest,
    epoch,
    index,
    at,
    sequence,
    skipped,
    ...lists
  } = yield* read(bytes, size)
  yield* weighedOnce(lists, size)
  const state: State = {
    ...createState(),
    ...{ mesh, version, epoch, index, at, sequence, skipped },
    members: weighed.members(lists.members.map((member) => [member.id, member])),
    removed: new Map(lists.removed),
    tokens: weighed.tokens(lists.tokens.map((token) => [token.id, token])),
    sealedKeys: new Map(lists.sealedKeys),
    operators: new Map(lists.operators.map((operator) => [operator.key, operator])),
    roles: new Map((lists.access?.roles ?? []).map((role) => [role.name, role])),
    users: weighed.users((lists.access?.users ?? []).map((user) => [user.name, user])),
    apikeys: new Map((lists.access?.apikeys ?? []).map((key) => [key.id, key])),
    namespaces: new Map(lists.namespaces.map((namespace) => [namespace.name, namespace])),
    consumed: new Map(lists.consumed),
    metered: weighed.metered(lists.metered),
    policies: new Map((lists.policies ?? []).map((policy) => [policy.name, policy])),
    prices: lists.prices ?? null,
    deployments: weighed.deployments((lists.deployments ?? []).map((deployment) => [deployment.id, deployment])),
    jobs: weighed.jobs((lists.jobs ?? []).map((job) => [job.id, job])),
    crons: weighed.crons((lists.crons ?? []).map((cron) => [cron.id, cron])),
    workflows: weighed.workflows((lists.workflows ?? []).map((workflow) => [workflow.id, workflow])),
    ...readVault(lists),
    liveness: new Map(lists.liveness),
    auditHeads: new Map(lists.auditHeads ?? []),
    ...readKept(lists),
    events: lists.events,
    results: new Recent(limits.results, lists.results),
  }
  yield* each(lists.workloads, size, (workload) => state.workloads.set(workload.id, workload))
  yield* each(lists.decisions, size, ([id, decisions]) => state.decisions.set(id, decisions))
  const results = lists.workerResults ?? []
  // So many outcomes make an item that a slice has fewer of these.
  yield* each(results, { ...size, items: Math.ceil(size.items / limits.workerResults) }, ([node, outcomes]) =>
    state.workerResults.set(node, new Recent(limits.workerResults, outcomes)),
  )
  yield* each(lists.workloads, size, (workload) => reindex(state, null, workload))
  return state
}

function* each<Item>(items: readonly Item[], size: SliceSize, run: (item: Item) => void): Slices<void> {
  for (const [i, item] of items.entries()) {
    run(item)
    if ((i + 1) % size.items === 0) yield
  }
}

/** Finds out what values weigh that go into maps which have to know, so that it is known when they do. */
function* weighedOnce(
  lists: Pick<Written, Weighed> & Pick<Written, 'access'>,
  { length, items }: SliceSize,
): Slices<void> {
  let [weight, count] = [0, 0]
  for (const list of [...weighedLists.map((name) => lists[name] ?? []), lists.access?.users ?? []]) {
    for (const item of list) {
      weight += weigh(Array.isArray(item) ? item[1] : item)
      count += 1
      if (weight < length && count < items) continue
      yield
      weight = 0
      count = 0
    }
  }
}

const weighedLists = [
  ...(['members', 'tokens', 'metered', 'workloads', 'deployments', 'jobs', 'crons', 'workflows'] as const),
  ...(['secrets', 'configs', 'decisions', 'volumes', 'backups', 'backupSchedules'] as const),
] as const
type Weighed = (typeof weighedLists)[number]

interface ListShape {
  readonly schema: z.ZodArray
  readonly most: number
}

/** The lists that a snapshot may have, by their path, and the objects that have some. */
const shapes = new Map<string, ListShape>()
const opened = new Set<string>()
for (const [name, field] of fieldsOf(SnapshotSchema)) {
  if (field instanceof z.ZodArray) shapes.set(name, shapeOf(field))
  if (!(field instanceof z.ZodObject)) continue
  opened.add(name)
  for (const [inner, part] of fieldsOf(field))
    if (part instanceof z.ZodArray) shapes.set(`${name}.${inner}`, shapeOf(part))
}

function fieldsOf(schema: z.ZodObject): [string, unknown][] {
  return Object.entries(schema.shape).map(([name, field]) => [
    name,
    field instanceof z.ZodExactOptional ? field.unwrap() : field,
  ])
}

function shapeOf(schema: z.ZodArray): ListShape {
  const maxima = (schema.def.checks ?? []).map((check) => check._zod.def as { readonly maximum?: number })
  return { schema, most: Math.min(Infinity, ...maxima.map(({ maximum = Infinity }) => maximum)) }
}

/** The value as it was written and not as the schema would rebuild it: the order of keys is part of the bytes. */
function* read(bytes: Uint8Array, size: SliceSize): Slices<void, Written> {
  try {
    const json = yield* readJson(bytes, { lists: checked(), opened }, size)
    SnapshotSchema.parse(withoutItems(json))
    return json as Written
  } catch (cause) {
    throw new ClawError('STATE_CORRUPT', { file: 'the snapshot', detail: 'it cannot be read' }, { cause })
  }
}

/** Looks at items as they come, and at how many there are in all. */
function checked(): Map<string, (items: readonly unknown[]) => void> {
  return new Map(
    Array.from(shapes, ([path, { schema, most }]) => {
      let count = 0
      return [
        path,
        (items: readonly unknown[]): void => {
          count += items.length
          if (count > most) throw new RangeError(`more than ${most} items in ${path}`)
          schema.parse(items)
        },
      ]
    }),
  )
}

/** What is left to be looked at when all items have been. */
function withoutItems(json: object, path = ''): object {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]: [string, unknown]) => {
      const at = `${path}${name}`
      if (shapes.has(at) && Array.isArray(value)) return [name, []]
      const isOpened = opened.has(at) && typeof value === 'object' && value !== null
      return [name, isOpened ? withoutItems(value, `${at}.`) : value]
    }),
  )
}
