/** What a node remembers of the images that it got through the mesh: the engine does not keep where they came from. */
import { z } from 'zod'
import type { Instant } from '../../model/time.ts'

const Entry = z.strictObject({
  id: z.string(),
  /** By what it was asked for. */
  reference: z.string(),
  /** `registry`, `file`, or the name of a node. */
  from: z.string(),
  at: z.number(),
  usedAt: z.number(),
  /** `repo/name@sha256:…` under which a registry gave it out, to this node or to the one that it comes from. */
  digests: z.array(z.string()),
})
export type BookEntry = z.infer<typeof Entry>

/** By id. */
export type Book = ReadonlyMap<string, BookEntry>

const mostEntries = 1_000
const mostDigests = 16

/** Adds what came, or notes that it came again. The entry that was used longest ago goes when there are too many. */
export function noteArrival(book: Book, arrival: Omit<BookEntry, 'usedAt'>): Book {
  const known = book.get(arrival.id)
  const digests = [...new Set([...arrival.digests, ...(known?.digests ?? [])])].slice(0, mostDigests)
  const next = new Map(book).set(arrival.id, { ...arrival, at: known?.at ?? arrival.at, usedAt: arrival.at, digests })
  if (next.size <= mostEntries) return next
  const oldest = [...next.values()].toSorted((a, b) => a.usedAt - b.usedAt)[0]
  if (oldest !== undefined) next.delete(oldest.id)
  return next
}

/** The same book when there is nothing to note: often enough is once a minute. */
export function noteUse(book: Book, id: string, at: Instant): Book {
  const known = book.get(id)
  return known === undefined || at - known.usedAt < 60_000 ? book : new Map(book).set(id, { ...known, usedAt: at })
}

export function without(book: Book, ids: readonly string[]): Book {
  const next = new Map(book)
  for (const id of ids) next.delete(id)
  return next.size === book.size ? book : next
}

export const encodeBook = (book: Book): Uint8Array => new TextEncoder().encode(JSON.stringify([...book.values()]))

/** Null for what is no book. */
export function decodeBook(bytes: Uint8Array): Book | null {
  try {
    const read = z.array(Entry).safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return read.success ? new Map(read.data.map((entry) => [entry.id, entry])) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
