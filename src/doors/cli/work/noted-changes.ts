/** Saying how something gets on. */
import type { Session } from '../line/command.ts'

/** Notes what is new in words, and gives what came last; null where nothing came. What has no words is not noted. */
export async function notedChanges<Status>(
  statuses: AsyncIterable<Status>,
  inWords: (status: Status) => string,
  { out }: Pick<Session, 'out'>,
): Promise<Status | null> {
  let last: Status | null = null
  let told = ''
  for await (const status of statuses) {
    last = status
    const words = inWords(status)
    if (words !== told && words !== '') out.note(words)
    told = words
  }
  return last
}
