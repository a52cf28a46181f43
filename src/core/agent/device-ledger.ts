/**
 * Which placement holds which devices of this host. The node alone writes it, on disk before it acts, so that no device is given out
 * twice whatever the leader says, and no attempt runs twice whatever crashes.
 */
import type { PlacementId } from '../../model/ids.ts'

export interface Holding {
  readonly placement: PlacementId
  readonly devices: readonly string[]
  /** held: may start. started: has been seen running. over: has let go of its devices, and may never start again. */
  readonly phase: 'held' | 'started' | 'over'
  /** This node was cut off for the whole lease, and has told it to stop for that. */
  readonly isCutOff?: true
}

export type Ledger = ReadonlyMap<PlacementId, Holding>

export type LedgerRecord =
  | { readonly type: 'acquire'; readonly placement: PlacementId; readonly devices: readonly string[] }
  | { readonly type: 'started'; readonly placement: PlacementId }
  | { readonly type: 'cut-off'; readonly placement: PlacementId }
  | { readonly type: 'release'; readonly placement: PlacementId }
  /** The placement can never come back: nothing is remembered of it. */
  | { readonly type: 'forget'; readonly placement: PlacementId }

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
        return holding.phase === 'held' && isSame(holding.devices, record.devices)
          ? yes
          : no(`${placement} was here before`)
      for (const device of record.devices) {
        const holder = holderOf(ledger, device)
        if (holder !== null) return no(`device ${device} is in use by ${holder}`)
      }
      return yes
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
  if (record.type === 'acquire') after.set(placement, { placement, devices: record.devices, phase: 'held' })
  else if (record.type === 'forget') after.delete(placement)
  else if (record.type === 'cut-off') after.set(placement, { ...held(holding), isCutOff: true })
  else after.set(placement, { ...held(holding), phase: record.type === 'started' ? 'started' : 'over' })
  return after
}

function held(holding: Holding | undefined): Holding {
  if (holding === undefined) throw new Error('a ledger record of a placement that holds nothing')
  return holding
}

/** The placement that holds a device, null when it is free. */
export function holderOf(ledger: Ledger, device: string): PlacementId | null {
  for (const { placement, devices, phase } of ledger.values())
    if (phase !== 'over' && devices.includes(device)) return placement
  return null
}

export const busyDevices = (ledger: Ledger): readonly string[] =>
  [...ledger.values()].flatMap(({ devices, phase }) => (phase === 'over' ? [] : devices))

/** The fewest records that lead to this ledger. */
export const recordsOf = (ledger: Ledger): readonly LedgerRecord[] =>
  [...ledger.values()].flatMap(({ placement, devices, phase, isCutOff }): LedgerRecord[] => {
    const cutOff = isCutOff === true ? [{ type: 'cut-off', placement } as const] : []
    // What is over holds no device any more, and another may.
    if (phase === 'over')
      return [{ type: 'acquire', placement, devices: [] }, ...cutOff, { type: 'release', placement }]
    const acquire = { type: 'acquire', placement, devices } as const
    return [acquire, ...(phase === 'held' ? [] : [{ type: 'started', placement } as const]), ...cutOff]
  })

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((device) => b.includes(device))
