/** JSON that every reader reads alike: no key twice, and only keys that are known. */
import { BadArchive } from './archive-header.ts'

type Keys = Readonly<Record<string, unknown>>

/** Throws BadArchive. */
export function strictJson(bytes: Uint8Array, name: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    refuseDoubledKeys(text, name)
    return value
  } catch (error) {
    if (error instanceof BadArchive) throw error
    throw new BadArchive(`${name} is not JSON`, { cause: error })
  }
}

/**
 * The object itself. Engines match keys whatever their case, and more letters than those of ASCII: what is not known exactly as it is
 * written may mean anything.
 */
export function recordOf(value: unknown, known: readonly string[]): Keys {
  const record = anyRecordOf(value)
  const unknown = Object.keys(record).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new BadArchive(`it describes itself with ${JSON.stringify(unknown)}`)
  return record
}

/** For objects whose keys are data. */
export function anyRecordOf(value: unknown): Keys {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadArchive('it describes itself badly')
  return value as Keys
}

/** Of valid JSON: a text before a colon is a key of the innermost object. */
function refuseDoubledKeys(text: string, name: string): void {
  const open: Set<unknown>[] = []
  for (const [, mark, key] of text.matchAll(/([{}[\]])|("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"/g)) {
    if (mark === '{' || mark === '[') open.push(new Set())
    else if (mark !== undefined) open.pop()
    if (key === undefined) continue
    const said = JSON.parse(key) as unknown
    if (open.at(-1)?.has(said) === true) throw new BadArchive(`${name} says ${key} twice`)
    open.at(-1)?.add(said)
  }
}
