/** Files of environment variables, as Compose reads them: `NAME=value`, one a line. */
import type { Variables } from './interpolate.ts'
import { expand } from './interpolate.ts'
import { SpecProblem } from './problem.ts'
import type { Place } from './tree.ts'

/**
 * The variables in the order of the file. A name alone takes its value from `variables`, if there is one. Values between single quotes are
 * taken as they are; others may name variables. Throws SpecProblem at `at`, which is where the file is named.
 */
export function envFile(
  text: string,
  { path, at, variables }: { readonly path: string; readonly at: Place; readonly variables: Variables },
): Readonly<Record<string, string>> {
  const pairs: (readonly [string, string])[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim().replace(/^export\s+/, '')
    if (line === '' || line.startsWith('#')) continue
    const [, name, hasValue, rest = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(\s*=)?(.*)$/.exec(line) ?? []
    if (name === undefined || (hasValue === undefined && rest !== ''))
      throw new SpecProblem({ at, text: `line ${index + 1} of ${path} is not NAME=value` })
    const known = (word: string): string | undefined => pairs.findLast(([own]) => own === word)?.[1] ?? variables(word)
    const value = hasValue === undefined ? variables(name) : valueOf(rest.trim(), known, at)
    if (value !== undefined) pairs.push([name, value])
  }
  return Object.fromEntries(pairs)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' }

function valueOf(text: string, variables: Variables, at: Place): string {
  const [, single] = /^'([^']*)'\s*(?:#.*)?$/.exec(text) ?? []
  if (single !== undefined) return single
  const [, double] = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(text) ?? []
  const plain = double?.replace(/\\([nrt"\\$])/g, (_, letter: string) => escapes[letter] ?? letter)
  return expand(plain ?? text.replace(/\s+#.*$/, ''), { variables, missing: () => {}, at })
}
