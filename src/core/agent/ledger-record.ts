/** Ledger records as bytes in the node's journal: JSON, because people read it when something went wrong. */
import type { PlacementId } from '../../model/ids.ts'
import type { DeviceShare, LedgerRecord } from './device-ledger.ts'

export const encodeLedgerRecord = (record: LedgerRecord): Uint8Array => new TextEncoder().encode(JSON.stringify(record))

/**
 * Null for anything that is not exactly a record. A daemon from before there were shares takes one for the whole device: it gives out
 * too little then, or does not start, but never too much.
 */
export function decodeLedgerRecord(bytes: Uint8Array): LedgerRecord | null {
  const value = parse(bytes)
  if (typeof value !== 'object' || value === null) return null
  const { type, placement, devices, share, unhealthy }: Partial<Record<string, unknown>> = { ...value }
  if (typeof placement !== 'string' || placement === '') return null
  const id = placement as PlacementId
  if (type === 'acquire') {
    if (!isTexts(devices)) return null
    if (share === undefined) return { type, placement: id, devices }
    return isShare(share, devices.length) ? { type, placement: id, devices, share } : null
  }
  if (type === 'cut-off' && typeof unhealthy === 'string') return { type, placement: id, unhealthy }
  return type === 'started' || type === 'cut-off' || type === 'release' || type === 'forget'
    ? { type, placement: id }
    : null
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null
    throw error
  }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

function isShare(value: unknown, devices: number): value is DeviceShare {
  if (typeof value !== 'object' || value === null) return false
  const { memoryMib, of }: Partial<Record<string, unknown>> = { ...value }
  return isAmount(memoryMib) && memoryMib > 0 && Array.isArray(of) && of.length === devices && of.every(isAmount)
}

const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
