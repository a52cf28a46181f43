/** Which rows of a list are shown, and in which order: `--filter`, `-l` and `--sort-by`. */
import { ClawError } from '../../../model/failure.ts'
import type { Field } from './fields.ts'
import { fieldOf, valuesOfAll } from './fields.ts'
import { selectorOf } from './label-selector.ts'

export interface Selection {
  /** Each has to hold. */
  readonly filters: readonly string[]
  readonly labels: readonly string[]
  readonly sortBy: string | undefined
}

/** Throws INVALID_REQUEST for a condition that makes no sense for these rows. */
export function selected<Row>(rows: readonly Row[], { filters, labels, sortBy }: Selection): readonly Row[] {
  const conditions = [...filters.map((text) => conditionOf(text, rows)), ...labels.map(labelCondition)]
  const fitting = rows.filter((row) => conditions.every((holds) => holds(row)))
  return sortBy === undefined ? fitting : sorted(fitting, sortBy)
}

type Condition = (row: unknown) => boolean

function conditionOf(text: string, rows: readonly unknown[]): Condition {
  const [, field, operator = '', value = ''] = /^\s*([\w.$-]+?)\s*(==|!=|>=|<=|=~|=|>|<|~)\s*(.*?)\s*$/.exec(text) ?? []
  if (field === undefined)
    throw new ClawError('INVALID_REQUEST', {
      problem: `--filter ${text} is no condition: write FIELD=VALUE, or one of != > >= < <= ~ instead of =`,
    })
  const found = valuesOfAll(rows, fieldOf(field))
  const valuesBy = new Map(rows.map((row, i) => [row, found[i] ?? []]))
  return (row) => {
    const values = valuesBy.get(row) ?? []
    // `not this value` is about all that there are, everything else about any.
    return operator === '!='
      ? values.every((one) => !compares(one, '=', value))
      : values.some((one) => compares(one, operator, value))
  }
}

function compares(found: unknown, operator: string, wanted: string): boolean {
  const order = compareTo(found, wanted)
  switch (operator) {
    case '>':
      return order !== null && order > 0
    case '>=':
      return order !== null && order >= 0
    case '<':
      return order !== null && order < 0
    case '<=':
      return order !== null && order <= 0
    case '~':
    case '=~':
      return textOf(found).toLowerCase().includes(wanted.toLowerCase())
    default:
      return order === 0
  }
}

/** Null when the two cannot be compared: what is not known is neither more nor less. */
function compareTo(found: unknown, wanted: string): number | null {
  if (found === null || found === undefined) return wanted === '' || wanted === 'null' ? 0 : null
  if (typeof found === 'number') {
    const number = Number(wanted.replace(/%$/, ''))
    return wanted === '' || Number.isNaN(number) ? null : found - number
  }
  const text = textOf(found)
  return text === wanted ? 0 : text < wanted ? -1 : 1
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))

function labelCondition(text: string): Condition {
  const fits = selectorOf(text)
  return (row) => {
    const labels = (row as { readonly labels?: unknown }).labels
    if (typeof labels !== 'object' || labels === null)
      throw new ClawError('INVALID_REQUEST', { problem: `what is listed here has no labels, so ${text} picks nothing` })
    return fits(labels as Readonly<Record<string, string>>)
  }
}

/** `name`, or `submittedAt:desc` for the greatest first. What is not known comes last. */
function sorted<Row>(rows: readonly Row[], by: string): readonly Row[] {
  const [, name = by, direction] = /^(.+?)(?::(asc|desc))?$/.exec(by) ?? []
  const field: Field = fieldOf(name)
  const sign = direction === 'desc' ? -1 : 1
  const found = valuesOfAll(rows, field)
  const keyed = rows.map((row, i) => ({ row, key: found[i]?.[0] ?? null }))
  return keyed.toSorted((a, b) => lastIfUnknown(a.key, b.key) ?? sign * order(a.key, b.key)).map(({ row }) => row)
}

function lastIfUnknown(a: unknown, b: unknown): number | null {
  if (a !== null && b !== null) return null
  return a === b ? 0 : a === null ? 1 : -1
}

function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return textOf(a).localeCompare(textOf(b), 'en', { numeric: true })
}
