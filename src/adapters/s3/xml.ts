/**
 * What stores answer, read in one pass: a small part of XML, elements and text, without what no store needs. Whoever reads it with patterns that
 * look ahead is kept busy for minutes by an answer that opens and never closes.
 */

export interface Element {
  readonly name: string
  readonly children: readonly Element[]
  /** All of it, blanks as well; of an element without children. */
  readonly text: string
}

/** Deeper than any answer of a store, and more than a list of a thousand objects has. */
const most = { depth: 8, elements: 50_000 } as const

/** Throws SyntaxError for what is no such text. In time that grows as its length does. */
export function parseXml(input: string): Element {
  const root: Open = { name: '', children: [], from: 0 }
  const open: Open[] = [root]
  let elements = 0
  let at = 0
  for (;;) {
    const start = input.indexOf('<', at)
    if (start < 0) break
    const end = input.indexOf('>', start)
    if (end < 0) throw malformed('a tag without an end')
    if (end - start > mostOfTag) throw malformed('a tag that is too long')
    const tag = input.slice(start + 1, end)
    at = end + 1
    const inner = open.at(-1) ?? root
    if (tag.startsWith('?') && inner === root && elements === 0) continue
    if (tag.startsWith('/')) {
      if (inner === root || tag.slice(1).trimEnd() !== inner.name) throw malformed('a tag that closes nothing')
      open.pop()
      parentOf(open).children.push(closed(inner, input.slice(inner.from, start)))
      continue
    }
    const name = nameIn(tag)
    if ((elements += 1) > most.elements) throw malformed('too many elements')
    if (tag.endsWith('/')) inner.children.push({ name, children: [], text: '' })
    else if (open.length > most.depth || open.some((around) => around.name === name)) throw malformed('too deep')
    else open.push({ name, children: [], from: at })
  }
  const [only, ...others] = root.children
  if (open.length > 1 || only === undefined || others.length > 0) throw malformed('not one whole element')
  return only
}

/** The text of its only child of that name; null where there is none, or another shape. */
export function textOf({ children }: Element, name: string): string | null {
  const [found, ...others] = children.filter((child) => child.name === name)
  return found === undefined || others.length > 0 || found.children.length > 0 ? null : found.text
}

/** The same again, without attributes and whatever stands between elements. */
export const writeXml = ({ name, children, text }: Element): string =>
  `<${name}>${children.length > 0 ? children.map(writeXml).join('') : escaped(text)}</${name}>`

/** With its attributes: what is longer is no tag of an answer. */
const mostOfTag = 1_024

/** Attributes are passed over. */
function nameIn(tag: string): string {
  const [name = ''] = /^[A-Za-z_][\w.:-]{0,127}/.exec(tag) ?? []
  if (name === '' || !/^(?:\s|\/?$)/.test(tag.slice(name.length)) || tag.includes('<'))
    throw malformed('a tag that is none')
  return name
}

interface Open {
  readonly name: string
  readonly children: Element[]
  /** Where what is in it begins. */
  readonly from: number
}

const parentOf = (open: readonly Open[]): Open => {
  const parent = open.at(-1)
  if (parent === undefined) throw malformed('nothing is open')
  return parent
}

const closed = ({ name, children }: Open, inner: string): Element => ({
  ...{ name, children },
  text: children.length > 0 ? '' : decoded(inner),
})

const named = new Map([
  ['quot', '"'],
  ['apos', "'"],
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
])

/** Once only: `&amp;lt;` is `&lt;`. */
const decoded = (text: string): string =>
  text.replaceAll(/&([^;&]{0,10};)?/g, (_, inner: string | undefined) => {
    const entity = inner?.slice(0, -1) ?? ''
    const [, hex, digits] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(entity) ?? []
    const code = hex === undefined ? Number(digits ?? NaN) : parseInt(hex, 16)
    const isCharacter = code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff)
    const character = isCharacter ? String.fromCodePoint(code) : named.get(entity)
    if (character === undefined) throw malformed('a character by a name that is none')
    return character
  })

const names = new Map([...named].map(([name, character]) => [character, name]))
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&${names.get(character) ?? ''};`)

const malformed = (detail: string): SyntaxError => new SyntaxError(`this is not what stores answer: ${detail}`)
