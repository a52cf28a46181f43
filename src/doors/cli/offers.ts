/** What could follow the words so far: commands, options, or names that the peer knows. */
import { isClawError } from '../../model/failure.ts'
import type { AnyCommand, PositionalSpec, Session } from './command.ts'
import { local, readContexts } from './contexts.ts'
import { globalOptions } from './globals.ts'
import { loadCommand, rowFor } from './find-row.ts'
import type { Row } from './row.ts'
import { subjects } from './usage.ts'

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
  const [noun] = before
  const fitting = noun === undefined ? shown : shown.filter(({ path }) => path.startsWith(`${noun} `))
  return fitting.map(({ path }) => path.split(' ')[before.length === 0 ? 0 : 1] ?? '')
}

async function offersOf(
  { name, positionals, options }: AnyCommand,
  before: readonly string[],
  { typed, session }: { readonly typed: string; readonly session: Session },
): Promise<readonly string[]> {
  if (typed.startsWith('-')) return Object.keys({ ...options, ...globalOptions }).map((option) => `--${option}`)
  const given = before.filter((word) => !word.startsWith('-')).length - name.split(' ').length
  const next: PositionalSpec | undefined = Object.values(positionals)[Math.max(0, given)]
  switch (next?.completes) {
    case 'shell':
      return ['bash', 'zsh', 'fish']
    case 'node':
      return names(session, async (signal) => (await session.api()).call('node.list', {}, signal))
    case 'workload':
      return names(session, async (signal) => (await session.api()).call('workload.list', { limit: 200 }, signal))
    case 'subject':
      return subjects
    case 'context':
      return [local, ...Object.keys((await readContexts(session.host)).contexts)]
    case undefined:
      return []
  }
}

/** No names when the peer does not answer in time: completion is no place for errors. */
async function names(
  { signal }: Session,
  list: (signal: AbortSignal) => Promise<readonly { readonly name: string }[]>,
): Promise<readonly string[]> {
  try {
    return (await list(AbortSignal.any([signal, AbortSignal.timeout(patience)]))).map(({ name }) => name)
  } catch (error) {
    if (isClawError(error) || (error as Error).name === 'TimeoutError') return []
    throw error
  }
}
