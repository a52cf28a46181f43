/** Names as a test says them, without work behind them. */
import type { Named, Names } from '../../src/core/naming/names.ts'

export function namesFrom(named: Readonly<Record<string, Named>>): Names {
  const all = new Map(Object.entries(named))
  const ends = [...all.keys()]
  return {
    find: (name) => all.get(name),
    hasBelow: (end) => ends.some((name) => name.endsWith(`.${end}`)),
    hasNamespace: (name) => ends.some((one) => one.endsWith(`.${name}`)),
  }
}
