/** The JSON that one peer sends to another when it runs an operation there. */
import { shallowJson } from '../lib/nesting.ts'
import type { z } from 'zod'
import { ClawError } from '../model/failure.ts'

/** What is asked. Throws INVALID_REQUEST for what is no JSON; how deep it may be nested, the operation's gate says. */
export function inputIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ClawError('INVALID_REQUEST', { problem: 'the input is not JSON' }, { cause: error })
  }
}

/** What is answered. Throws INTERNAL for what no honest peer answers. */
export function answerIn(text: string): unknown {
  try {
    return shallowJson(text)
  } catch (error) {
    const detail = 'the peer answered with something that is no JSON, or nested too deep'
    throw new ClawError('INTERNAL', { detail }, { cause: error })
  }
}

/** The same, as the operation says that it looks. */
export function outputIn({ output }: { readonly output: z.ZodType }, text: string): unknown {
  const { success, data, error } = output.safeParse(answerIn(text))
  if (success) return data
  throw new ClawError(
    'INTERNAL',
    { detail: 'the peer answered with something else than was asked for' },
    { cause: error },
  )
}
