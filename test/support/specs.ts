/** Parses the text of a file of work to run. */
import { isTimed } from '../../src/specs/document.ts'
import { readFileSync } from 'node:fs'
import { ClawError } from '../../src/model/failure.ts'
import type { SpecFormat } from '../../src/specs/parse.ts'
import { parseSpecs } from '../../src/specs/parse.ts'
import type { Specs } from '../../src/specs/document.ts'

interface Given {
  readonly format?: SpecFormat
  readonly path?: string
  readonly as?: 'deployment'
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

export const parsed = (
  text: string,
  { format = 'yaml', path = `file.${format}`, env = {}, files = {}, as }: Given = {},
): Specs =>
  parseSpecs(text, {
    as,
    format,
    path,
    variables: (name) => (Object.hasOwn(env, name) ? env[name] : undefined),
    read: (file) => (Object.hasOwn(files, file) ? (files[file] ?? null) : null),
    resolve: (file) => (file.startsWith('/') ? file : `/here/${file.replace(/^\.\//, '')}`),
  })

/** The requests of its workloads and deployments. */
export const requestsOf = (text: string, given?: Given) =>
  parsed(text, given).documents.flatMap((document) => (isTimed(document) ? [] : [document.request]))

/** Everything that is wrong with it, one problem a line; what it asks for when nothing is. */
export function problemsOf(text: string, given?: Given): readonly string[] | Specs {
  try {
    return parsed(text, given)
  } catch (error) {
    if (!ClawError.is(error, 'SPEC_INVALID')) throw error
    return error.facts.problems
  }
}

/** In one text; nothing when nothing is wrong. */
export const told = (found: readonly string[] | Specs): string => (Array.isArray(found) ? found.join('\n') : '')

export const fileText = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
