/** Reads a file of work to run: from disk or, as `-`, from standard input. */
import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { ClawError } from '../../../model/failure.ts'
import type { Specs } from '../../../specs/document.ts'
import { envFile } from '../../../specs/env-file.ts'
import type { SpecFormat } from '../../../specs/parse.ts'
import { parseSpecs } from '../../../specs/parse.ts'
import { inWords } from '../../../specs/problem.ts'
import { reasonOf } from '../file-reason.ts'
import type { Session } from '../line/command.ts'

/** More is not even read. */
const mostBytes = 1_048_576

/** A file as it is, or standard input. Throws INVALID_REQUEST for one that cannot be read. */
export const textOf = (file: string, { host }: Pick<Session, 'host'>): Promise<string> =>
  file === '-' ? standardInput(host.stdin) : contentOf(file)

/** Says of everything that has no effect that it has none. Throws SPEC_INVALID, and INVALID_REQUEST for a file that cannot be read. */
export async function readSpecs(
  file: string,
  session: Pick<Session, 'host' | 'out'>,
  as?: 'deployment',
): Promise<Specs> {
  const { host, out } = session
  const text = await textOf(file, session)
  const name = file === '-' ? 'standard input' : file
  const folder = file === '-' ? process.cwd() : dirname(resolve(file))
  const inFolder = (path: string): string => resolve(folder, path.replace(/^~(?=\/|$)/, host.home))
  const read = (path: string): string | null => contentOrNull(inFolder(path))
  const dotEnv = once(() => dotEnvOf(read('.env'), host.env))
  const variables = (variable: string): string | undefined => host.env[variable] ?? dotEnv()[variable]
  const specs = parseSpecs(text, { as, path: name, format: formatOf(file, text), variables, read, resolve: inFolder })
  for (const warning of specs.warnings) out.note(`note: ${inWords(name, warning)}`)
  return specs
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}

function dotEnvOf(
  text: string | null,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  if (text === null) return {}
  return envFile(text, { path: '.env', at: { line: 1, column: 1 }, variables: (name) => env[name] })
}

const byEnding: Readonly<Record<string, SpecFormat>> = {
  '.toml': 'toml',
  '.json': 'json',
  '.yaml': 'yaml',
  '.yml': 'yaml',
}

/** By the ending of its name; without one that is known, by what it looks like. */
export function formatOf(file: string, text: string): SpecFormat {
  const known = byEnding[extname(file).toLowerCase()]
  if (known !== undefined) return known
  if (/^\s*\{/.test(text)) return 'json'
  return /^\s*(?:\[[\w."' -]+\]\s*(?:#.*)?$|[\w."-]+\s*=)/m.test(
    text
      .replace(/^\s*#.*$/gm, '')
      .trimStart()
      .slice(0, 512),
  ) && !/^\s*[\w"-]+:(?:\s|$)/.test(text.replace(/^\s*#.*$/gm, '').trimStart())
    ? 'toml'
    : 'yaml'
}

const unreadable = (problem: string, cause?: unknown): ClawError =>
  new ClawError('INVALID_REQUEST', { problem }, { cause })

async function contentOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > mostBytes) throw unreadable(`${file} is larger than 1 MiB`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof ClawError) throw error
    throw unreadable(`${file} cannot be read: ${reasonOf(error)}`, error)
  }
}

function contentOrNull(path: string): string | null {
  try {
    const content = readFileSync(path)
    if (content.length > mostBytes) throw unreadable(`${path} is larger than 1 MiB`)
    return content.toString('utf8')
  } catch (error) {
    if (error instanceof ClawError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw unreadable(`${path} cannot be read: ${reasonOf(error)}`, error)
  }
}

async function standardInput(stdin: Session['host']['stdin']): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > mostBytes) throw unreadable('standard input is longer than 1 MiB')
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}
