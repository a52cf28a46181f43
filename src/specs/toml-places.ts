/** Where the keys and values of a TOML file stand. The file has been read already: all that is here is known to be well formed. */
import type { Place } from './tree.ts'

export interface Spot {
  /** Of the key, or of the item of a list. */
  readonly key: Place
  /** The text of a value that stands without quotes. */
  readonly bare: string | null
}

interface Scan {
  readonly text: string
  offset: number
  readonly spots: Map<string, Spot>
  /** How many tables a list of tables has so far. */
  readonly tables: Map<string, number>
  readonly starts: readonly number[]
}

/** By path, such as `/workload/env/MODEL`. */
export function tomlPlaces(text: string): ReadonlyMap<string, Spot> {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  const scan: Scan = { text, offset: 0, spots: new Map(), tables: new Map(), starts }
  let table = ''
  for (skipBlank(scan); scan.offset < text.length; skipBlank(scan))
    if (text[scan.offset] === '[') table = header(scan)
    else keyValue(scan, table)
  return scan.spots
}

function header(scan: Scan): string {
  const isList = scan.text.startsWith('[[', scan.offset)
  scan.offset += isList ? 2 : 1
  const parts = keys(scan)
  scan.offset += isList ? 2 : 1
  let path = ''
  for (const [index, { name, at }] of parts.entries()) {
    path += `/${name}`
    note(scan, path, at)
    const isLast = index === parts.length - 1
    if (isLast && isList) scan.tables.set(path, (scan.tables.get(path) ?? 0) + 1)
    const count = scan.tables.get(path)
    if (count === undefined) continue
    path += `/${count - 1}`
    note(scan, path, at)
  }
  return path
}

function keyValue(scan: Scan, table: string): void {
  let path = table
  for (const { name, at } of keys(scan)) {
    path += `/${name}`
    note(scan, path, at)
  }
  scan.offset += 1
  value(scan, path)
}

function value(scan: Scan, path: string): void {
  skipBlank(scan)
  const { text } = scan
  const first = text[scan.offset]
  if (first === '"' || first === "'") quoted(scan)
  else if (first === '[') list(scan, path)
  else if (first === '{') inline(scan, path)
  else {
    const [bare = ''] = /^[^,\]}\n\r#]*/.exec(text.slice(scan.offset, scan.offset + 256)) ?? []
    scan.offset += Math.max(1, bare.length)
    const spot = scan.spots.get(path)
    if (spot !== undefined) scan.spots.set(path, { ...spot, bare: bare.trim() })
  }
}

function list(scan: Scan, path: string): void {
  scan.offset += 1
  let index = 0
  for (skipBlank(scan); scan.offset < scan.text.length && scan.text[scan.offset] !== ']'; skipBlank(scan)) {
    if (scan.text[scan.offset] === ',') {
      scan.offset += 1
      continue
    }
    note(scan, `${path}/${index}`, placeAt(scan))
    value(scan, `${path}/${index}`)
    index += 1
  }
  scan.offset += 1
}

function inline(scan: Scan, path: string): void {
  scan.offset += 1
  for (skipBlank(scan); scan.offset < scan.text.length && scan.text[scan.offset] !== '}'; skipBlank(scan))
    if (scan.text[scan.offset] === ',') scan.offset += 1
    else keyValue(scan, path)
  scan.offset += 1
}

/** A key with its dots, up to what follows it. */
function keys(scan: Scan): readonly { readonly name: string; readonly at: Place }[] {
  const parts: { readonly name: string; readonly at: Place }[] = []
  for (;;) {
    skipBlank(scan)
    const at = placeAt(scan)
    const first = scan.text[scan.offset]
    parts.push({ name: first === '"' || first === "'" ? quoted(scan) : word(scan), at })
    skipBlank(scan)
    if (scan.text[scan.offset] !== '.') return parts
    scan.offset += 1
  }
}

function word(scan: Scan): string {
  const pattern = /[^\s.=\]]+/y
  pattern.lastIndex = scan.offset
  const [found = ''] = pattern.exec(scan.text) ?? []
  scan.offset += Math.max(1, found.length)
  return found
}

/** Any of the four kinds of strings. What it says is needed only of keys. */
function quoted(scan: Scan): string {
  const { text } = scan
  const mark = text[scan.offset] ?? ''
  const fence = text.startsWith(mark.repeat(3), scan.offset) ? mark.repeat(3) : mark
  const start = scan.offset + fence.length
  let end = start
  while (end < text.length && !text.startsWith(fence, end)) end += text[end] === '\\' && mark === '"' ? 2 : 1
  // A string of three marks may end with up to two of its own.
  while (fence.length === 3 && text[end + 3] === mark) end += 1
  scan.offset = end + fence.length
  const raw = text.slice(start, end)
  return mark === '"' && raw.includes('\\') && fence.length === 1 ? unescaped(raw) : raw
}

function unescaped(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`))
  } catch (error) {
    // TOML knows \e, \x and \U besides: then the place of this key is not found, and that of its table is shown.
    if (error instanceof SyntaxError) return raw
    throw error
  }
}

function skipBlank(scan: Scan): void {
  const pattern = /(?:\s+|#[^\n]*)*/y
  pattern.lastIndex = scan.offset
  scan.offset += pattern.exec(scan.text)?.[0].length ?? 0
}

/** The first place is the one to show. */
function note({ spots }: Scan, path: string, key: Place): void {
  if (!spots.has(path)) spots.set(path, { key, bare: null })
}

function placeAt({ starts, offset }: Scan): Place {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
