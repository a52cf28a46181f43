/** Arbitrary histories: mostly sensible commands, with stale, foreign and repeated ones among them. */
import fc from 'fast-check'
import type { State } from '../../src/core/state/state.ts'
import type { Command } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { placementId, workloadId } from '../../src/model/ids.ts'
import { ada, admit, bob, cyd, inventory, newMember, submit, token } from './control-samples.ts'

const nodes = [ada, bob, cyd] as const

/** What to do, before it is known what the state is by then. */
export interface Intent {
  readonly kind: (typeof kinds)[number]
  readonly node: NodeId
  readonly workload: number
  readonly devices: readonly number[]
  /** How much of each device it wants a share of, MiB; null for whole ones. */
  readonly share: number | null
  /** How far the attempt that is meant lies from the right one. */
  readonly off: number
  readonly flag: boolean
  /** Repeats the entry id of an earlier command. */
  readonly repeat: boolean
  readonly clock: number
}

const kinds = [
  'join', 'remove', 'inventory', 'liveness', 'submit', 'place', 'place', 'place', 'claim', 'claim', 'reject',
  'withdraw', 'starting', 'running', 'checkpoint', 'ended', 'ended', 'stop', 'prune',
  'evict', 'lose', 'taint', 'scheduling',
  'vault', 'secret', 'secret-use', 'config',
] as const // prettier-ignore

export const intent: fc.Arbitrary<Intent> = fc.record({
  kind: fc.constantFrom(...kinds),
  node: fc.constantFrom(...nodes),
  workload: fc.nat(3),
  devices: fc.uniqueArray(fc.nat(2), { maxLength: 2 }),
  share: fc.option(fc.integer({ min: 1, max: 60_000 })),
  off: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 1 }) }),
  flag: fc.boolean(),
  repeat: fc.nat(9).map((n) => n === 0),
  clock: fc.integer({ min: 0, max: 10_000 }),
})

/** The command that the intent comes to in this state. */
export function toCommand(state: State, intended: Intent, index: number): Command {
  const { kind, node, workload, devices, share, off, flag } = intended
  const id = workloadId(`wl-${workload}`)
  const known = state.workloads.get(id)
  const placement = placementId(id, (known?.attempt ?? 0) + off)
  const holder = off === 0 ? (known?.placement?.node ?? node) : node
  switch (kind) {
    case 'join':
      return state.tokens.has(`t-${node}`) ? admit(`t-${node}`, newMember(node)) : token(`t-${node}`, 20_000)
    case 'remove':
      return { type: 'remove-member', node, force: flag }
    case 'inventory':
      return { type: 'report-inventory', node, inventory: inventory(node, 3, flag ? { sharing: true } : {}) }
    case 'liveness':
      return { type: 'record-liveness', node, liveness: flag ? 'alive' : 'lost' }
    case 'submit':
      return submit(
        id,
        {
          gpus: { count: devices.length, ...(share !== null && devices.length > 0 && { share }) },
          restart: restarts[index % 3],
        },
        `name-${flag ? workload : index % 3}`,
      )
    case 'place': {
      const uuids = devices.slice(0, known?.spec.gpus.count ?? 0).map((device) => `GPU-${node}-${device}`)
      const attempt = Math.max(0, (known?.attempt ?? 0) + 1 + off)
      return { type: 'place', workload: id, attempt, node, devices: uuids, executor: 'docker' }
    }
    case 'claim':
      return { type: 'claim', placement, node: holder }
    case 'reject':
      return { type: 'reject', placement, node: holder, reason: 'busy' }
    case 'withdraw':
      return { type: 'withdraw', placement, reason: 'silent' }
    case 'starting':
      return { type: 'report-starting', placement, node: holder, progress: 'pulling image' }
    case 'running':
      return { type: 'report-running', placement, node: holder, startedAt: index }
    case 'checkpoint':
      return { type: 'report-checkpoint', placement, node: holder, at: index * (flag ? 1 : 2) }
    case 'ended':
      return { type: 'report-ended', placement, node: holder, ...endOf(index, flag) }
    case 'evict':
      return {
        type: 'evict',
        placement,
        reason: 'makes room',
        grace: flag ? 0 : null,
        target: flag ? node : null,
        avoid: flag,
      }
    case 'lose':
      return { type: 'lose', placement, reason: 'silent' }
    case 'taint':
      return {
        ...{ type: 'update-taints', node, remove: flag ? [] : [{ key: 'gpu' }] },
        add: flag ? [{ key: 'gpu', value: '', effect: 'NoSchedule' }] : [],
      }
    case 'scheduling':
      return { type: 'set-scheduling', node, mode: flag ? 'draining' : 'open', reason: '', grace: null }
    case 'stop':
      return { type: 'request-stop', workload: id, force: flag }
    case 'vault':
      return {
        type: 'set-vault',
        epoch: (state.vault?.epoch ?? 0) + (flag ? 1 : 0),
        publicKey: 'a2V5',
        holders: [{ node, sealed: 'cmluZw==' }],
      }
    case 'secret':
      return secretCommand(state, intended, index)
    case 'secret-use':
      return { type: 'note-secret-use', placement, node: holder, uses: [{ name: `s-${workload}`, version: index + 1 }] }
    case 'config':
      return configCommand(intended, index)
    case 'prune':
      return { type: 'prune', workloads: [id] }
  }
}

/** A new one, a new value, or the end of one. */
function secretCommand(state: State, { workload, flag, off, devices }: Intent, index: number): Command {
  const named = { namespace: 'default', name: `s-${workload}` }
  const known = state.secrets.get(`default/${named.name}`)
  const sealed = `s1.1.a2V5.${'QUJD'.repeat(1 + (index % 5))}`
  if (known === undefined)
    return {
      ...{ type: 'create-secret', ...named, sealed, how: 'created', rotation: null },
      policy: { allowWorkloads: [], allowLabels: {}, denyWorkloads: [] },
    }
  if (flag && devices.length > 1) return { type: 'delete-secret', ...named }
  if (flag) return { type: 'update-secret', ...named, current: Math.max(0, known.current + off) }
  return { type: 'set-secret', ...named, version: Math.max(0, known.current + 1 + off), sealed, how: 'rotated' }
}

function configCommand({ workload, flag, devices }: Intent, index: number): Command {
  const named = { namespace: 'default', name: `c-${workload}` }
  if (devices.length > 1) return { type: 'delete-config', ...named }
  return flag
    ? { type: 'create-config', ...named, data: { A: String(index) }, immutable: index % 7 === 0 }
    : { type: 'update-config', ...named, data: { A: null, B: String(index) }, whole: index % 2 === 0 }
}

const restarts = [undefined, { policy: 'on-failure', maxRetries: 2 }, { policy: 'always' }] as const

const endOf = (endedAt: number, isWell: boolean) =>
  isWell
    ? { endedAt, exitCode: 0, error: null }
    : ({ endedAt, exitCode: 1, error: { code: 'NONZERO_EXIT', message: 'exited with 1' } } as const)
