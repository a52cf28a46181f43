/** `-o jsonpath=…`: text with paths in braces, as kubectl takes it. A text without braces is one path. */
import { ClawError } from '../../../model/failure.ts'
import type { Path } from '../../../lib/json-path.ts'
import { follow, parsePath, PathError } from '../../../lib/json-path.ts'

type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly path: Path }
  | { readonly type: 'range'; readonly path: Path; readonly inside: Template }

export type Template = readonly Part[]

/** Throws INVALID_REQUEST for what is no such template. */
export function templateOf(text: string): Template {
  try {
    if (!text.includes('{')) return [{ type: 'path', path: parsePath(text) }]
    const words = text.match(/\{(?:"[^"]*"|'[^']*'|[^}"'])*\}|[^{]+|\{/g) ?? []
    const { template, rest } = partsOf(words, false)
    if (rest.length > 0) throw new PathError('{end} without {range}')
    return template
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    throw new ClawError('INVALID_REQUEST', { problem: `jsonpath=${text}: ${error.message}` }, { cause: error })
  }
}

interface Read {
  readonly template: Template
  readonly rest: readonly string[]
}

function partsOf(words: readonly string[], isInRange: boolean): Read {
  const template: Part[] = []
  for (let rest = words; ;) {
    const [word, ...after] = rest
    if (word === undefined) {
      if (isInRange) throw new PathError('{range} without {end}')
      return { template, rest: [] }
    }
    rest = after
    if (!word.startsWith('{')) {
      template.push({ type: 'text', text: unescaped(word) })
      continue
    }
    if (!word.endsWith('}')) throw new PathError('a brace is not closed')
    const inner = word.slice(1, -1).trim()
    if (inner === 'end') return isInRange ? { template, rest } : throwEnd()
    const range = /^range\s+(.+)$/s.exec(inner)?.[1]
    if (range !== undefined) {
      const read = partsOf(rest, true)
      template.push({ type: 'range', path: parsePath(range), inside: read.template })
      rest = read.rest
    } else template.push(partOf(inner))
  }
}

function throwEnd(): never {
  throw new PathError('{end} without {range}')
}

function partOf(inner: string): Part {
  const quoted = /^(["'])(.*)\1$/s.exec(inner)?.[2]
  return quoted === undefined ? { type: 'path', path: parsePath(inner) } : { type: 'text', text: unescaped(quoted) }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' }
const unescaped = (text: string): string => text.replace(/\\([ntr\\])/g, (_, letter: string) => escapes[letter] ?? '')

/** Values that one path leads to are joined by spaces; what is no plain value is JSON. */
export const filled = (template: Template, value: unknown): string =>
  template.map((part) => filledPart(part, value)).join('')

function filledPart(part: Part, value: unknown): string {
  switch (part.type) {
    case 'text':
      return part.text
    case 'path':
      return follow(part.path, value).map(inWords).join(' ')
    case 'range':
      return follow(part.path, value)
        .map((one) => filled(part.inside, one))
        .join('')
  }
}

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
