/** Label selectors as kubectl spells them: `app=db,tier!=test,gpu,!spot,zone in (a, b)`. */
import { ClawError } from '../../../model/failure.ts'

type Labels = Readonly<Record<string, string>>
export type Selector = (labels: Labels) => boolean

const key = '([A-Za-z0-9][\\w./-]*)'

const forms: readonly { readonly pattern: RegExp; make(parts: readonly string[]): Selector }[] = [
  {
    pattern: new RegExp(`^${key}\\s+(in|notin)\\s*\\(([^)]*)\\)$`),
    make: ([, name = '', word, list = '']) => {
      const values = list.split(',').map((value) => value.trim())
      return (labels) => {
        const value = labels[name]
        const isIn = value !== undefined && values.includes(value)
        return word === 'in' ? isIn : !isIn
      }
    },
  },
  {
    pattern: new RegExp(`^${key}\\s*!=\\s*(.*)$`),
    make:
      ([, name = '', value]) =>
      (labels) =>
        labels[name] !== value,
  },
  {
    pattern: new RegExp(`^${key}\\s*==?\\s*(.*)$`),
    make:
      ([, name = '', value]) =>
      (labels) =>
        labels[name] === value,
  },
  {
    pattern: new RegExp(`^!\\s*${key}$`),
    make:
      ([, name = '']) =>
      (labels) =>
        !Object.hasOwn(labels, name),
  },
  {
    pattern: new RegExp(`^${key}$`),
    make:
      ([, name = '']) =>
      (labels) =>
        Object.hasOwn(labels, name),
  },
]

/** Throws INVALID_REQUEST for what is no selector. */
export function selectorOf(text: string): Selector {
  const all = text.split(/,(?![^(]*\))/).map((part) => requirement(part.trim(), text))
  return (labels) => all.every((fits) => fits(labels))
}

function requirement(part: string, text: string): Selector {
  for (const { pattern, make } of forms) {
    const parts = pattern.exec(part)
    if (parts !== null) return make(parts)
  }
  throw new ClawError('INVALID_REQUEST', {
    problem: `${text} is no label selector: write key=value, key!=value, key, !key, or key in (a, b)`,
  })
}
