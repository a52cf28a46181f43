/** A value that may be nowhere but where it was meant to be, and the forms in which it could have got elsewhere. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Canary {
  readonly value: string
  /** By the name of the form. */
  readonly forms: ReadonlyMap<string, Buffer>
}

/** Signs that are written otherwise in addresses, and none that shells or JSON know. */
export function canary(): Canary {
  const value = `canary/${randomBytes(12).toString('hex')}+${randomBytes(4).toString('hex')}~end`
  const bytes = Buffer.from(value)
  const hex = bytes.toString('hex')
  return {
    value,
    forms: new Map([
      ['plain', bytes],
      ['reversed', Buffer.from([...value].toReversed().join(''))],
      ['hex', Buffer.from(hex)],
      ['upper hex', Buffer.from(hex.toUpperCase())],
      ['url', Buffer.from(encodeURIComponent(value))],
      ['utf-16', Buffer.from(value, 'utf16le')],
      // Wherever in a longer text it stands, one of these is in its base64.
      ...[0, 1, 2].map((shift) => [`base64 at ${shift}`, base64At(bytes, shift)] as const),
    ]),
  }
}

function base64At(bytes: Buffer, shift: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const [from, to] = [Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6)]
  return Buffer.from(text.slice(from, to))
}

/** `what: form` of every find. */
export const findsIn = (what: string, bytes: Buffer, canaries: readonly Canary[]): readonly string[] =>
  canaries.flatMap(({ forms }, index) =>
    [...forms].flatMap(([form, word]) => (bytes.includes(word) ? [`${what}: canary ${index}, ${form}`] : [])),
  )

export interface Search {
  readonly finds: readonly string[]
  readonly files: number
  readonly bytes: number
}

/** All files below the folder. */
export function searchFiles(folder: string, canaries: readonly Canary[]): Search {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  const files = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
  let bytes = 0
  const finds = files.flatMap((path) => {
    const content = readFileSync(path)
    bytes += content.length
    return findsIn(path, content, canaries)
  })
  return { finds, files: files.length, bytes }
}
