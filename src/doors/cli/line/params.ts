/** Parameters of an operation as JSON: on the command line, in a file, or on standard input. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { deepest, isNestedDeeper } from '../../../lib/nesting.ts'
import { ClawError } from '../../../model/failure.ts'
import type { Host } from '../host.ts'

/** `given` is JSON, `@FILE`, or `-`. Throws INVALID_REQUEST for what is no JSON object. */
export async function paramsFrom(given: string, { stdin }: Pick<Host, 'stdin'>): Promise<Record<string, unknown>> {
  const json = given === '-' ? await text(stdin) : given.startsWith('@') ? await fileText(given.slice(1)) : given
  try {
    const value: unknown = JSON.parse(json)
    if (isNestedDeeper(value, deepest)) throw notAnObject(` that is nested ${deepest} deep at most`)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw notAnObject(`: ${error.message.slice(0, 120)}`, error)
  }
  throw notAnObject('')
}

const notAnObject = (why: string, cause?: unknown): ClawError =>
  new ClawError('INVALID_REQUEST', { problem: `the parameters are not a JSON object${why}` }, { cause })

async function fileText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new ClawError('INVALID_REQUEST', { problem: `${file} cannot be read: ${code}` }, { cause: error })
  }
}
