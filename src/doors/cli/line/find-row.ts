/** Which command the words of a command line name. */
import type { AnyCommand, OptionSpec } from './command.ts'
import { globalOptions } from './globals.ts'
import type { Row } from './row.ts'
import { pathsOf } from './row.ts'

export const loadCommand = async (row: Row): Promise<AnyCommand> => (await row.load()).default as AnyCommand

/** The command that the words name, skipping what stands before it. Null when they name none: the parser then says so. */
export function rowFor(argv: readonly string[], rows: readonly Row[]): Row | null {
  const words = withoutGlobals(argv)
  const candidates = [3, 2, 1].map((count) => words.slice(0, count).join(' '))
  for (const path of candidates) {
    const row = rows.find((each) => pathsOf(each).includes(path))
    if (row !== undefined) return row
  }
  return null
}

function withoutGlobals(argv: readonly string[]): readonly string[] {
  const takers = ['-f', '--format', ...Object.entries(globalOptions).flatMap(([name, spec]) => takersOf(name, spec))]
  const words: string[] = []
  for (let index = 0; index < argv.length && argv[index] !== '--'; index += 1) {
    const word = argv[index] ?? ''
    if (takers.includes(word)) index += 1
    else if (!word.startsWith('-')) words.push(word)
  }
  return words
}

const takersOf = (name: string, spec: OptionSpec): readonly string[] =>
  spec.kind === 'flag' ? [] : [`--${name}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])]
