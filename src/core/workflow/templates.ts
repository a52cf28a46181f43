/**
 * What a step is told of those before it where its words say so: `{{steps.fetch.result}}`, `{{steps.fetch.result.files[0]}}`,
 * `{{steps.fetch.exitCode}}`. Texts go in and come out; what is put in is never looked at again, so no result can name another.
 */
import { ClawError } from '../../model/failure.ts'
import type { WorkflowStep } from '../../model/workflow.ts'

type Field = 'result' | 'outputs' | 'exitCode' | 'state'

export interface Reference {
  readonly step: string
  readonly field: Field
  /** Into a result that is JSON: keys and indexes. */
  readonly path: readonly string[]
  /** Nothing takes the place of what is not there, which is a problem otherwise. */
  readonly isOptional: boolean
  /** As it is written, without the braces. */
  readonly text: string
}

/** What a step has come to. */
export type Told = Pick<WorkflowStep, 'name' | 'state' | 'result' | 'exitCode'>

const opening = /\{\{\s*(?:steps|secrets)\s*\./
// Spaces before the end are left to trim(): two patterns that may both take them would take the square of their number.
const whole = /\{\{\s*((?:steps|secrets)\s*\.[^{}]*)\}\}/g
const written =
  /^steps\.([A-Za-z0-9][A-Za-z0-9_-]{0,17})\.(result|outputs|exitCode|state)((?:\.[A-Za-z0-9_-]{1,64}|\[\d{1,6}\]){0,16})(\?)?$/
const forms =
  'steps.NAME.result, steps.NAME.result.key[0], steps.NAME.outputs.key, steps.NAME.exitCode or steps.NAME.state'

export const hasTemplate = (text: string): boolean => opening.test(text)

/** All that a text names, in its order. Throws INVALID_REQUEST for what is begun and is none. */
export function referencesIn(text: string): readonly Reference[] {
  const found = Array.from(text.matchAll(whole), ([, inner = '']) => referenceOf(inner))
  if (hasTemplate(text.replaceAll(whole, '')))
    throw new ClawError('INVALID_REQUEST', { problem: `a {{ has no }} that belongs to it: write {{${forms}}}` })
  return found
}

function referenceOf(inner: string): Reference {
  const text = inner.trimEnd()
  if (text.startsWith('secrets'))
    throw new ClawError('INVALID_REQUEST', {
      problem: `{{${text}}} would show a secret to all who look: name it under \`secrets\``,
    })
  const [, step, field, path = '', optional] = written.exec(text) ?? []
  if (step === undefined || field === undefined || !isAllowed(field, path))
    throw new ClawError('INVALID_REQUEST', { problem: `{{${text}}} is none of ${forms}` })
  const keys = Array.from(path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g), ([, key, index]) => key ?? index ?? '')
  return { step, field: field as Field, path: keys, isOptional: optional === '?', text }
}

/** Only a result has something within, and `outputs` is what is within. */
const isAllowed = (field: string, path: string): boolean =>
  field === 'outputs' ? path !== '' : field === 'result' || path === ''

/** Throws WORKFLOW_VALUE_MISSING. */
export function filled(text: string, steps: readonly Told[]): string {
  return text.replaceAll(whole, (_, inner: string) => {
    const reference = referenceOf(inner)
    const value = valueOf(
      reference,
      steps.find(({ name }) => name === reference.step),
    )
    if (value === null && !reference.isOptional)
      throw new ClawError('WORKFLOW_VALUE_MISSING', { step: reference.step, text: reference.text })
    return value ?? ''
  })
}

function valueOf({ field, path }: Reference, step: Told | undefined): string | null {
  if (step === undefined) return null
  switch (field) {
    case 'state':
      return step.state
    case 'exitCode':
      return step.exitCode === undefined || step.exitCode === null ? null : String(step.exitCode)
    case 'result':
    case 'outputs':
      return path.length === 0 ? step.result : within(step.result, path)
  }
}

/** Null when the text is no JSON, or has nothing there. */
function within(text: string | null, path: readonly string[]): string | null {
  let value: unknown = parsed(text)
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null') as unknown
  } catch {
    return null
  }
}
