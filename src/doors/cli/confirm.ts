/** Asks before what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import { ClawError } from '../../model/failure.ts'
import type { Session } from './command.ts'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Has the user type a word. Without a terminal nobody can, so there it takes `--yes`. Throws INVALID_REQUEST otherwise. */
export async function confirmByTyping(
  word: string,
  warning: readonly string[],
  { out, host, signal, yes }: Pick<Session, 'out' | 'host' | 'signal'> & { readonly yes: boolean },
): Promise<void> {
  for (const line of warning) out.note(line)
  if (yes) return
  if (host.stdin.isTTY !== true || !out.isTerminal)
    throw invalid('this cannot be undone; without a terminal to ask at, it takes --yes')
  const terminal = createInterface({ input: host.stdin, output: host.stderr })
  const answer = await terminal.question(`Type ${word} to go on: `, { signal }).finally(() => {
    terminal.close()
  })
  if (answer.trim() !== word) throw invalid(`you did not type ${word}`)
}
