/** An answer as it travels to the peer that asked. */
import { ClawError } from '../model/failure.ts'

/** What the envelope adds to an answer. */
const envelope = 16

/** Throws ANSWER_TOO_LARGE: whoever asked must learn that it was done all the same. */
export function answerOf(
  name: string,
  value: unknown,
  { maxBytes }: { readonly maxBytes: number },
): { output: string } {
  const output = JSON.stringify(value) ?? 'null'
  const bytes = Buffer.byteLength(output)
  const limit = maxBytes - envelope
  if (bytes > limit) throw new ClawError('ANSWER_TOO_LARGE', { what: name, bytes, limit })
  return { output }
}
