/** Which backup a node makes next: namespaces take turns, so none has to wait for all that another has asked for. In each the oldest goes first. */
import type { Backup } from '../../model/backup.ts'

export function nextInTurn<T extends Pick<Backup, 'namespace' | 'createdAt'>>(
  waiting: readonly T[],
  /** Whose the one before was. */
  last: string,
): T | undefined {
  const byTurn = waiting.toSorted(
    (a, b) => Number(a.namespace > b.namespace) - Number(a.namespace < b.namespace) || a.createdAt - b.createdAt,
  )
  return byTurn.find(({ namespace }) => namespace > last) ?? byTurn[0]
}
