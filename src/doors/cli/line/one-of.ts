/** A word that has to be one of several. */
import { closest } from '../../../lib/closest.ts'
import { ClawError } from '../../../model/failure.ts'

/** Throws INVALID_REQUEST with the nearest of them. */
export function nameOf<Name extends string>(asked: string, names: readonly Name[], what: string): Name {
  const found = names.find((name) => name === asked)
  if (found !== undefined) return found
  const near = closest(asked, names)
  const hint = near === null ? `take ${names.join(', ')}` : `did you mean ${near}?`
  throw new ClawError('INVALID_REQUEST', { problem: `there is no ${what} ${asked.slice(0, 64)}; ${hint}` })
}
