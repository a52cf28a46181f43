/** How results shall look: format, columns, colour. */
import { ClawError } from '../../../model/failure.ts'
import type { Template } from './template.ts'
import { templateOf } from './template.ts'

export const formats = ['table', 'wide', 'json', 'yaml', 'jsonl', 'name', 'jsonpath'] as const
export type Format = (typeof formats)[number]

export interface Look {
  readonly format: Format
  /** Set with the format jsonpath. */
  readonly template: Template | null
  /** Ids only. */
  readonly isQuiet: boolean
  readonly hasHeads: boolean
  /** Tables are cut to the width of the terminal. */
  readonly isCut: boolean
  readonly color: 'auto' | 'always' | 'never'
}

/** What the command line says of it. */
interface Wishes {
  readonly output: string | undefined
  readonly quiet: boolean
  readonly headers: boolean
  readonly trunc: boolean
  readonly color: string | undefined
}

export const plainLook: Look = {
  format: 'table',
  template: null,
  isQuiet: false,
  hasHeads: true,
  isCut: true,
  color: 'auto',
}

/** Throws INVALID_REQUEST for a format that there is not. */
export function lookOf({ output, quiet, headers, trunc, color }: Wishes): Look {
  const template = /^jsonpath=(.*)$/s.exec(output ?? '')?.[1]
  return {
    format: template === undefined ? formatOf(output) : 'jsonpath',
    template: template === undefined ? null : templateOf(template),
    isQuiet: quiet,
    hasHeads: headers,
    isCut: trunc,
    color: colorOf(color),
  }
}

function formatOf(asked: string | undefined): Format {
  if (asked === undefined) return 'table'
  const format = formats.find((name) => name === asked && name !== 'jsonpath')
  if (format !== undefined) return format
  const known = formats.map((name) => (name === 'jsonpath' ? 'jsonpath=EXPR' : name)).join(', ')
  throw new ClawError('INVALID_REQUEST', { problem: `there is no format ${asked}; take ${known}` })
}

function colorOf(asked: string | undefined): Look['color'] {
  if (asked === undefined || asked === 'auto') return 'auto'
  if (asked === 'always' || asked === 'never') return asked
  throw new ClawError('INVALID_REQUEST', { problem: `--color ${asked} is none of auto, always, never` })
}
