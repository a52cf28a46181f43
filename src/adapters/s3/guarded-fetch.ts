/** What this node stands from a store that anybody may have named: it goes nowhere else, and neither waits without end nor reads without end. */
import type { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'
import { parseXml, writeXml } from './xml.ts'

export interface Limits {
  /** Until an answer is there, as a whole unless it is an object; and until the next bytes of an object are. */
  readonly answer: Millis
  /** The same where a part of a file goes along. */
  readonly upload: Millis
  /** Until all names of a place are told. */
  readonly list: Millis
  /** Until all of a backup is gone. */
  readonly removal: Millis
  /** Bytes of an answer that is no object. */
  readonly bytes: number
}

export const usualLimits: Limits = {
  answer: minute,
  upload: 5 * minute,
  list: 10 * minute,
  removal: 5 * minute,
  bytes: 1_048_576,
}

interface Guard {
  readonly signal: AbortSignal
  readonly limits: Limits
  readonly failed: (detail: string) => ClawError
  /** Reaches only what may be reached, and follows nothing anywhere else. */
  readonly reach: typeof fetch
}

/** Of what is no object, whoever asked gets what `reads` makes of the text. */
export const guardedFetch =
  ({ signal, limits, failed, reach }: Guard, wants: 'object' | Reads): typeof fetch =>
  (input, init) => {
    const off = new AbortController()
    const ms = init?.body === undefined ? limits.answer : limits.upload
    return inTime(ms, { off, failed }, async () => {
      const given = AbortSignal.any([signal, off.signal])
      const answer = await reach(input, { ...init, signal: given })
      const { status, headers } = answer
      if (wants === 'object' && status === 200) return answer
      const bytes = await readAtMost(limits.bytes, answer, failed)
      const text = wants === 'object' ? plainly(bytes.toString(), status) : wants(bytes.toString(), status)
      return new Response(text === '' ? null : text, { status, headers })
    })
  }

type Reads = (text: string, status: number) => string

/** What the client of the store reads is written anew, since it reads in a way that an answer may be made to draw out for minutes. */
export function plainly(text: string, status: number): string {
  if (text.trim() === '') return ''
  try {
    return writeXml(parseXml(text))
  } catch (error) {
    // How it says no is its own affair, and may be a page for people.
    if (!isFine(status) && error instanceof SyntaxError) return ''
    throw error
  }
}

export const isFine = (status: number): boolean => status >= 200 && status < 300

/** Calls it off when it takes longer. */
export async function inTime<T>(
  ms: Millis,
  { off, failed }: Pick<Guard, 'failed'> & { readonly off: AbortController },
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => off.abort(failed('it does not answer in time')), ms)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

async function readAtMost(most: number, { body }: Response, failed: Guard['failed']): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  // To leave it is to let go of the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    if ((size += chunk.length) > most) throw failed('it answers with more than there is to say')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
