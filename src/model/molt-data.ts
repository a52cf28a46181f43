/** What goes with leased work from its buyer to its provider, and comes back: how much of it, and for how long it is waited for and kept. */
import { z } from 'zod'
import { day, hour } from './time.ts'

/** Of any one kind: what nobody has, so that sums stay numbers. */
export const mostBytes = 2 ** 44
const bytes = z.int().min(0).max(mostBytes)

/** Folders of one job that are sent, and folders that come back. */
export const mostFolders = 8
/** Files and folders in one of them. */
export const mostEntries = 200_000

/** Before each of them in an archive there is a header, and a longer one for a long name. */
const perEntry = 2_048

/** No archive of so many bytes of files is larger. */
export const archiveLimit = (content: number): number => content + mostEntries * perEntry

export const DataWant = z.strictObject({
  /** Archives that the buyer sends before the work begins. */
  inputs: bytes,
  /** What the work may leave for its buyer. */
  outputs: bytes,
  /** The image as its layers are unpacked, where the buyer can send it; 0 where it comes from a registry. */
  image: bytes,
})
export type DataWant = z.infer<typeof DataWant>

export const DataTerms = DataWant.extend({
  /** So much longer than for other work the provider waits until all is there, in milliseconds. */
  sendMs: z.int().min(0).max(day),
  /** What the work leaves is kept so long after the agreement was closed, in milliseconds. */
  keepMs: z
    .int()
    .min(0)
    .max(30 * 24 * hour),
}).strict()
export type DataTerms = z.infer<typeof DataTerms>
