/** Asks before what cannot be undone, or hits more than one might think. */
import { createInterface } from 'node:readline/promises'
import { ClawError } from '../../model/failure.ts'
import type { Session } from './line/command.ts'

const unconfirmed = (why: string): ClawError => new ClawError('NOT_CONFIRMED', { why })

type Asking = Pick<Session, 'out' | 'host' | 'signal'> & { readonly yes: boolean }

/** Has the user type a word. Without a terminal nobody can, so there it takes `--yes`. Throws NOT_CONFIRMED otherwise. */
export async function confirmByTyping(word: string, warning: readonly string[], asking: Asking): Promise<void> {
  for (const line of warning) asking.out.note(line)
  if (asking.yes) return
  const answer = await answerTo(`Type ${word} to go on: `, asking)
  if (answer !== word) throw unconfirmed(`you did not type ${word}`)
}

/** Has the user say yes to the plan. Throws NOT_CONFIRMED when there is neither a yes nor `--yes`. */
export async function confirm(plan: readonly string[], asking: Asking): Promise<void> {
  if (asking.yes) return
  for (const line of plan) asking.out.note(line)
  const answer = await answerTo('Go on? [y/N] ', asking)
  if (!/^y(es)?$/i.test(answer)) throw unconfirmed('you did not say yes')
}

/** Is there somebody to ask? */
export const canAsk = ({ host, out }: Pick<Session, 'out' | 'host'>): boolean =>
  host.stdin.isTTY === true && out.isTerminal

async function answerTo(question: string, { out, host, signal }: Asking): Promise<string> {
  if (!canAsk({ host, out })) throw unconfirmed('this asks first, and there is no terminal to ask at: it takes --yes')
  const terminal = createInterface({ input: host.stdin, output: host.stderr })
  // Whoever ends the input says nothing, which is no yes.
  const ended = new AbortController()
  terminal.once('close', () => {
    ended.abort()
  })
  try {
    return (await terminal.question(question, { signal: AbortSignal.any([signal, ended.signal]) })).trim()
  } catch (error) {
    if (signal.aborted || !ended.signal.aborted) throw error
    return ''
  } finally {
    terminal.close()
  }
}
