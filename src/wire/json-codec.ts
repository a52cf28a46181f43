/** Messages between strangers: canonical JSON, checked field by field when it is read. */
import type { z } from 'zod'
import { canonicalJson } from '../lib/canonical-json.ts'
import { shallowJson } from '../lib/nesting.ts'
import type { Codec } from '../ports/codec.ts'

const text = new TextDecoder('utf-8', { fatal: true })

/** Decoding throws for what is no JSON, and for what does not fit. */
export const jsonCodec = <T>(schema: z.ZodType<T>): Codec<T> => ({
  encode: (value) => new TextEncoder().encode(canonicalJson(value)),
  decode: (bytes) => schema.parse(shallowJson(text.decode(bytes))),
})
