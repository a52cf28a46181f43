/** How values read in tables. */
import { gpuFamily } from '../../../model/gpu.ts'
import { printable } from './table.ts'

export const orDash = (value: string | number | null): string => (value === null || value === '' ? '—' : String(value))

export const percent = (value: number | null): string => (value === null ? '—' : `${value}%`)

/** `1 line`, `2 lines`. */
export const counted = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : nouns}`

/** `3 min ago`, roughly, as a table cell has room for. */
export function ago(iso: string | null, now = Date.now()): string {
  if (iso === null) return '—'
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000))
  if (seconds < 60) return `${seconds}s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h ago`
  return `${Math.floor(seconds / 86_400)}d ago`
}

interface Gpu {
  readonly model: string
  readonly simulated: boolean
}

/** `4× A100`; simulated ones are called so. */
export function gpusInWords(gpus: readonly Gpu[]): string {
  const counts = new Map<string, number>()
  for (const { model, simulated } of gpus) {
    const name = `${gpuFamily(model)}${simulated ? ' (simulated)' : ''}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Array.from(counts, ([name, count]) => `${count}× ${name}`).join(', ') || '—'
}

/** A titled block of `label: value` lines, the values under each other. */
export function facts(pairs: readonly (readonly [label: string, value: string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([label]) => label.length)) + 1
  return pairs.map(([label, value]) => `${`${label}:`.padEnd(width + 1)} ${printable(value)}`)
}
