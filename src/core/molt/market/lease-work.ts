/** The work of a lease as a workload of its provider's mesh: which one it is, what it may, and what has become of it. */
import { base32Word } from '../../../lib/base32.ts'
import { sha256 } from '../../../lib/sha256.ts'
import type { Hash } from '../../../model/molt-agreement.ts'
import type { NodeId, WorkloadId } from '../../../model/ids.ts'
import { workloadId } from '../../../model/ids.ts'
import { isBelow } from '../../../model/host-path.ts'
import { isLeased, leaseLabel, leaseNamespace, leaseVolume } from '../../../model/lease-mark.ts'
import type { LendingMode } from '../../../model/molt-policy.ts'
import type { ExecutorKind } from '../../../model/node.ts'
import type { SecretRef } from '../../../model/secret.ts'
import { hour, second } from '../../../model/time.ts'
import type { Workload, WorkloadSpec } from '../../../model/workload.ts'
import { isTerminal, WorkloadSpec as Spec } from '../../../model/workload.ts'
import type { Work } from '../../../model/molt-work.ts'
import type { Terms } from '../agreement.ts'

export const isLeaseWork = ({ spec }: Pick<Workload, 'spec'>): boolean => isLeased(spec)

/** Whoever lends aggressively has what is worth less give way to what pays; all of the owner's other work goes first. */
export const leasePriority = (mode: LendingMode): number => (mode === 'aggressive' ? 200 : 0)

/** Always the same for one agreement, so that it is submitted once. */
export const leaseWorkload = (agreement: Hash): WorkloadId =>
  workloadId(`wl-${base32Word(Buffer.from(sha256(`lease\n${agreement}`), 'hex').subarray(0, 10))}`)
export const leaseName = (agreement: Hash): string => `lease-${agreement.slice(0, 16)}`

/** What a node gives a guest for each of its GPUs, where the guest names nothing, and the most that it may name. */
export interface GuestShare {
  readonly cpus: number
  readonly memoryMib: number
}

/** For so many of its GPUs the same part of all else, less what the host needs itself. */
export function guestShare(
  { cpuCores, memoryMib, gpus }: { readonly cpuCores: number; readonly memoryMib: number; readonly gpus: number },
  lent: number,
): GuestShare {
  const part = Math.min(1, lent / Math.max(1, gpus))
  return {
    cpus: Math.max(1, Math.floor(cpuCores * part)),
    memoryMib: Math.max(256, Math.floor(memoryMib * part * 0.9)),
  }
}

export interface LeaseWorkInit {
  readonly agreement: Hash
  readonly terms: Terms
  readonly work: Work
  readonly node: NodeId
  /** As the node counts its devices. */
  readonly indexes: readonly number[]
  readonly executor: ExecutorKind
  readonly share: GuestShare
  readonly priority: number
  /** Its variables, each sealed. */
  readonly secrets: readonly SecretRef[]
  /** Without any network, or on a bridge of its own. */
  readonly isOffline: boolean
}

/** Null for what no workload can be. */
export function leaseSpec(init: LeaseWorkInit): WorkloadSpec | null {
  const { agreement, terms, work, node, indexes, executor, share, priority, secrets, isOffline } = init
  const { image, command, entrypoint, workdir, cpus, memoryMib, shmMib } = work
  if (!isAgreedData(terms, work)) return null
  const mounts = foldersOf(agreement, work)
  const spec = Spec.safeParse({
    ...{ image, command, env: {}, namespace: leaseNamespace, priority, node, executor },
    ...(entrypoint !== null && { entrypoint }),
    ...(workdir !== null && { workdir }),
    ...(shmMib !== null && { shmMib: Math.min(shmMib, 1_024) }),
    ...(secrets.length > 0 && { secrets }),
    ...(mounts.length > 0 && { mounts }),
    cpus: Math.min(cpus ?? share.cpus, share.cpus),
    memoryMib: Math.min(memoryMib ?? share.memoryMib, share.memoryMib),
    gpus: { count: indexes.length, devices: indexes },
    timeoutMs: Math.max(second, terms.endsAt - terms.startsAt),
    stopGraceMs: Math.min(hour, Math.max(second, terms.reclaim)),
    // What is simulated has nothing to be fenced in.
    ...(executor === 'docker' && { isolation: 'guest' }),
    ...(executor === 'docker' && terms.isolation !== 'runc' && { sandbox: terms.isolation }),
    ...(isOffline && { offline: true }),
    labels: { [leaseLabel]: agreement.slice(0, 63) },
  })
  return spec.success ? spec.data : null
}

function foldersOf(agreement: Hash, { inputs = [], outputs = [] }: Work): WorkloadSpec['mounts'] {
  const mounted = (kind: 'in' | 'out', target: string, i: number) => ({
    ...{ source: leaseVolume(agreement, kind, i), target, readOnly: kind === 'in' },
  })
  return [...inputs.map(({ to }, i) => mounted('in', to, i)), ...outputs.map((path, i) => mounted('out', path, i))]
}

/** No folder is in another one, and no more is to be sent and kept than was agreed on. */
function isAgreedData({ data }: Pick<Terms, 'data'>, { inputs = [], outputs = [] }: Work): boolean {
  const all = [...inputs.map(({ to }) => to), ...outputs]
  const isApart = (path: string, i: number): boolean => !all.some((other, j) => i !== j && isBelow(path, other))
  const sent = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  return all.every(isApart) && sent <= (data?.inputs ?? 0) && (outputs.length === 0 || (data?.outputs ?? 0) > 0)
}

/** What has become of it, as its lease is told. */
export type WorkSight =
  | { readonly is: 'absent' | 'coming' | 'running' }
  /** Its owner's work needs the GPUs, or its owner has stopped it. */
  | { readonly is: 'evicted' }
  /** Nothing of it is on the host. `isTaken`: it was the owner who ended it. */
  | { readonly is: 'over'; readonly isFailed: boolean; readonly isTaken: boolean }

/** `hasRun`: it was seen to run before. A second attempt would begin anew, and is none that was agreed on. */
export function sightOf(workload: Workload | undefined, hasRun: boolean): WorkSight {
  if (workload === undefined) return hasRun ? { is: 'over', isFailed: true, isTaken: false } : { is: 'absent' }
  const { state, eviction, stopRequested, history } = workload
  // It was never begun, as its GPUs were not clean: that is not for the guest to answer for.
  const isWithheld = state === 'stopped' || workload.error?.code === 'GPU_UNCLEAN'
  if (isTerminal(state)) return { is: 'over', isFailed: state !== 'completed', isTaken: isWithheld }
  const wasEvicted = history.some(({ reason }) => reason.startsWith('evicted'))
  if (state === 'pending' && (hasRun || history.length > 0)) return { is: 'over', isFailed: true, isTaken: wasEvicted }
  if (eviction !== null || stopRequested !== null) return { is: 'evicted' }
  return { is: state === 'running' ? 'running' : 'coming' }
}
