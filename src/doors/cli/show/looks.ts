/** Looking at the mesh again and again, through short absences of the peer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import type { Column } from './table.ts'

/** What a list that goes on looks at. */
export interface Looked<Row> {
  look(): Promise<readonly Row[]>
  readonly columns: readonly Column<Row>[]
  readonly key: (row: Row) => string
}

/** From one look to the next, in ms. */
const pause = 1_000
/** So long may the peer be away. */
const patience = 60_000

/** What is seen each second, until Ctrl-C. Throws when the first look fails, or the peer stays away. */
export async function* looks<T>(
  look: () => Promise<T>,
  { signal, out }: Pick<Session, 'signal' | 'out'>,
): AsyncIterable<T> {
  let awaySince: number | null = null
  let hasSeen = false
  while (!signal.aborted) {
    try {
      yield await look()
      hasSeen = true
      awaySince = null
    } catch (error) {
      if (signal.aborted) return
      if (!hasSeen || !isAway(error) || (awaySince !== null && Date.now() - awaySince > patience)) throw error
      if (awaySince === null) out.note('the peer does not answer; waiting for it')
      awaySince ??= Date.now()
    }
    await sleep(pause, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

const isAway = (error: unknown): boolean =>
  ClawError.is(error, 'ECONNREFUSED') ||
  ClawError.is(error, 'NODE_UNREACHABLE') ||
  ClawError.is(error, 'DEADLINE_EXCEEDED')
