/** What a record says: JSON with one way to write it. */
import type { z } from 'zod'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { shallowJson } from '../../lib/nesting.ts'

export const writePayload = (value: unknown): Uint8Array => new TextEncoder().encode(canonicalJson(value))

/** Null for what is not as the schema has it, and for what could be written otherwise. */
export function readPayload<Value>(schema: z.ZodType<Value>, bytes: Uint8Array): { readonly value: Value } | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const json = shallowJson(text)
    if (canonicalJson(json) !== text) return null
    const parsed = schema.safeParse(json)
    return parsed.success ? { value: parsed.data } : null
  } catch {
    // Text from outside: whatever was wrong with it, it says nothing.
    return null
  }
}
