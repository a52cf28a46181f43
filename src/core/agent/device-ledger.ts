/**
 * Which placement holds which devices of this host, whole or a share of each. The node alone writes it, on disk before it acts, so that no
 * device is given out twice whatever the leader says, and no attempt runs twice whatever crashes.
 */
import type { PlacementId } from '../../model/ids.ts'

export interface Holding {
  readonly placement: PlacementId
  readonly devices: readonly string[]
  /** Null when it has its devices to itself. */
  readonly share: DeviceShare | null
  /** held: may start. started: has been seen running. over: has let go of its devices, and may never start again. */
  readonly phase: 'held' | 'started' | 'over'
  /** This node was cut off for the whole lease, and has told it to stop for that. */
  readonly isCutOff?: true
  /** This node has told it to stop because a probe said so, in words. */
  readonly unhealthy?: string
}

/** So much of the memory of each device, MiB. */
export interface DeviceShare {
  readonly memoryMib: number
  /** What each device has in all, in their order: a journal is read again without looking at the hardware. */
  readonly of: readonly number[]
}

export type Ledger = ReadonlyMap<PlacementId, Holding>

export type LedgerRecord =
  | Acquire
  | { readonly type: 'started'; readonly placement: PlacementId }
  /** It is told to stop although nobody asked for it: because this node is cut off, or because a probe says that it is not well. */
  | { readonly type: 'cut-off'; readonly placement: PlacementId; readonly unhealthy?: string }
  | { readonly type: 'release'; readonly placement: PlacementId }
  /** The placement can never come back: nothing is remembered of it. */
  | { readonly type: 'forget'; readonly placement: PlacementId }

export interface Acquire {
  readonly type: 'acquire'
  readonly placement: PlacementId
  readonly devices: readonly string[]
  /** Left out when the devices are taken whole. */
  readonly share?: DeviceShare
}

export type Admission = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export const emptyLedger: Ledger = new Map()

const yes: Admission = { ok: true }
const no = (reason: string): Admission => ({ ok: false, reason })

/** May this be written? Whatever may be written twice changes nothing the second time. */
export function admit(ledger: Ledger, record: LedgerRecord): Admission {
  const { placement } = record
  const holding = ledger.get(placement)
  switch (record.type) {
    case 'acquire': {
      if (holding !== undefined)
        return holding.phase === 'held' && isSame(holding, record) ? yes : no(`${placement} was here before`)
      const reason = whyBusy(ledger, record)
      return reason === null ? yes : no(reason)
    }
    case 'started':
    case 'cut-off':
      return holding === undefined || holding.phase === 'over' ? no(`${placement} holds nothing`) : yes
    case 'release':
      return holding === undefined ? no(`${placement} holds nothing`) : yes
    case 'forget':
      return holding !== undefined && holding.phase !== 'over' ? no(`${placement} still holds its devices`) : yes
  }
}

/** The ledger with one more record in it. Throws when it was not admitted: whoever writes must have asked. */
export function enter(ledger: Ledger, record: LedgerRecord): Ledger {
  const admission = admit(ledger, record)
  if (!admission.ok) throw new Error(`a ledger record that may not be: ${admission.reason}`)
  const { placement } = record
  const holding = ledger.get(placement)
  const after = new Map(ledger)
  if (record.type === 'acquire') {
    const { devices, share = null } = record
    // Acquired twice is acquired as it was first: those that came after it were admitted beside that.
    after.set(placement, holding ?? { placement, devices, share, phase: 'held' })
  } else if (record.type === 'forget') after.delete(placement)
  else if (record.type === 'cut-off') {
    const { unhealthy } = record
    after.set(placement, { ...held(holding), ...(unhealthy === undefined ? { isCutOff: true } : { unhealthy }) })
  } else after.set(placement, { ...held(holding), phase: record.type === 'started' ? 'started' : 'over' })
  return after
}

function held(holding: Holding | undefined): Holding {
  if (holding === undefined) throw new Error('a ledger record of a placement that holds nothing')
  return holding
}

/** What other placements hold that leaves no room for this one, in words; null when nothing does. */
export function whyBusy(ledger: Ledger, { placement, devices, share }: Acquire): string | null {
  for (const [i, device] of devices.entries()) {
    const others = holdersOf(ledger, device).filter((one) => one.placement !== placement)
    const opposed = others.find((one) => share === undefined || one.share === null)
    if (opposed !== undefined) return `device ${device} is in use by ${opposed.placement}`
    if (share === undefined) continue
    const given = others.reduce((sum, one) => sum + (one.share?.memoryMib ?? 0), 0)
    const left = Math.max(0, (share.of[i] ?? 0) - given)
    if (share.memoryMib > left) return `device ${device} has ${left} MiB left to share`
  }
  return null
}

/** Who holds a device: nobody, one that has it whole, or all that have a share of it. */
export const holdersOf = (ledger: Ledger, device: string): readonly Holding[] =>
  [...ledger.values()].filter(({ phase, devices }) => phase !== 'over' && devices.includes(device))

/** Each once. */
export const busyDevices = (ledger: Ledger): readonly string[] => [
  ...new Set([...ledger.values()].flatMap(({ devices, phase }) => (phase === 'over' ? [] : devices))),
]

/** The fewest records that lead to this ledger. */
export const recordsOf = (ledger: Ledger): readonly LedgerRecord[] =>
  [...ledger.values()].flatMap(({ placement, devices, share, phase, isCutOff, unhealthy }): LedgerRecord[] => {
    const cutOff: LedgerRecord[] = [
      ...(isCutOff === true ? [{ type: 'cut-off', placement } as const] : []),
      ...(unhealthy === undefined ? [] : [{ type: 'cut-off', placement, unhealthy } as const]),
    ]
    // What is over holds no device any more, and another may.
    if (phase === 'over')
      return [{ type: 'acquire', placement, devices: [] }, ...cutOff, { type: 'release', placement }]
    const acquire: Acquire = { type: 'acquire', placement, devices, ...(share !== null && { share }) }
    return [acquire, ...(phase === 'held' ? [] : [{ type: 'started', placement } as const]), ...cutOff]
  })

const isSame = (holding: Holding, { devices, share }: Acquire): boolean =>
  holding.devices.length === devices.length &&
  holding.devices.every((device) => devices.includes(device)) &&
  holding.share?.memoryMib === share?.memoryMib
