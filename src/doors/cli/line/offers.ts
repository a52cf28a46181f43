/** What could follow the words so far: commands, options, or names that the peer knows. */
import { isClawError } from '../../../model/failure.ts'
import type { AnyCommand, OptionSpec, PositionalSpec, Session } from './command.ts'
import { completionScripts } from './completion-scripts.ts'
import { local, readContexts } from '../peer/contexts.ts'
import { globalOptions } from './globals.ts'
import { loadCommand, rowFor } from './find-row.ts'
import { formats } from '../show/look.ts'
import type { Row } from './row.ts'
import { subjects } from '../show/usage.ts'

/** A shell waits while this runs: names that take longer are not offered. */
const patience = 300

export async function offersFor(words: readonly string[], session: Session): Promise<readonly string[]> {
  const before = words.slice(0, -1)
  const typed = words.at(-1) ?? ''
  const { commands } = session
  const row = rowFor(before, commands)
  const all =
    row === null ? commandWords(before, commands) : await offersOf(await loadCommand(row), before, { typed, session })
  return [...new Set(all)].filter((offer) => offer.startsWith(typed))
}

function commandWords(before: readonly string[], commands: readonly Row[]): readonly string[] {
  const shown = commands.filter(({ hidden }) => hidden !== true)
  const fitting = shown.filter(({ path }) => `${path} `.startsWith(before.map((word) => `${word} `).join('')))
  return fitting.map(({ path }) => path.split(' ')[before.length] ?? '').filter((word) => word !== '')
}

async function offersOf(
  { name, positionals, options }: AnyCommand,
  before: readonly string[],
  { typed, session }: { readonly typed: string; readonly session: Session },
): Promise<readonly string[]> {
  const all: Readonly<Record<string, OptionSpec>> = { ...globalOptions, ...options }
  if (typed.startsWith('-')) return Object.keys(all).map((option) => `--${option}`)
  const asked = optionBefore(before.at(-1) ?? '', all)
  if (asked !== null) return valuesFor(asked, session)
  const given = wordsOf(before, all).length - name.split(' ').length
  const specs: readonly PositionalSpec[] = Object.values(positionals)
  const last = specs.at(-1)
  const next = specs[Math.max(0, given)] ?? (last?.rest === true ? last : undefined)
  return next?.completes === undefined ? [] : offered(next.completes, session)
}

interface Named {
  readonly name: string
  readonly spec: OptionSpec
}

/** The option that waits for its value; null when none does. */
function optionBefore(word: string, all: Readonly<Record<string, OptionSpec>>): Named | null {
  const found = Object.entries(all).find(
    ([name, { short }]) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  )
  return found === undefined || found[1].kind === 'flag' ? null : { name: found[0], spec: found[1] }
}

const wordsOf = (before: readonly string[], all: Readonly<Record<string, OptionSpec>>): readonly string[] =>
  before.filter((word, index) => !word.startsWith('-') && optionBefore(before[index - 1] ?? '', all) === null)

/** Options whose values are names that are known. */
const nodeOptions = ['node', 'to']

async function valuesFor({ name, spec }: Named, session: Session): Promise<readonly string[]> {
  if (spec.kind === 'text' && spec.choices !== undefined) return spec.choices
  if (name === 'output') return formats.filter((format) => format !== 'jsonpath')
  if (name === 'color') return ['auto', 'always', 'never']
  if (name === 'context') return offered('context', session)
  return nodeOptions.includes(name) ? offered('node', session) : []
}

async function offered(what: NonNullable<PositionalSpec['completes']>, session: Session): Promise<readonly string[]> {
  switch (what) {
    case 'shell':
      return [...Object.keys(completionScripts), 'install']
    case 'node':
      return names(session, async (signal) => (await session.api()).call('node.list', {}, signal))
    case 'workload':
      return names(session, async (signal) => (await session.api()).call('workload.list', { limit: 200 }, signal))
    case 'subject':
      return subjects
    case 'context':
      return [local, ...Object.keys((await readContexts(session.host)).contexts)]
  }
}

/** No names when the peer does not answer in time: completion is no place for errors. */
async function names(
  { signal }: Session,
  list: (signal: AbortSignal) => Promise<readonly { readonly id: string; readonly name: string }[]>,
): Promise<readonly string[]> {
  try {
    const found = await list(AbortSignal.any([signal, AbortSignal.timeout(patience)]))
    return found.flatMap(({ id, name }) => [name, id])
  } catch (error) {
    if (isClawError(error) || (error as Error).name === 'TimeoutError') return []
    throw error
  }
}
