/** A user who submits one workload through random peers until one of them takes it, and who looks at it; all of it is written down. */
import { ask } from '../ask.ts'
import type { Model, Operation } from '../linearizable.ts'
import type { Daemon } from '../mesh.ts'

/** An id, or null for a workload that is not there. */
export type Seen = string | null
type Input = 'submit' | 'read'
type State = { readonly id: string | null; readonly mayBe: boolean }

/** Something that is submitted once, and then has an id for ever. A submission that nobody answered may have taken effect. */
export const oneWorkload: Model<State, Input, { readonly id: Seen }> = {
  initial: { id: null, mayBe: false },
  step({ id, mayBe }, input, output) {
    if (output === null) return input === 'submit' ? { id, mayBe: id === null } : { id, mayBe }
    if (input === 'read' && output.id === null) return id === null && !mayBe ? { id, mayBe } : null
    if (id !== null) return output.id === id ? { id, mayBe } : null
    return input === 'submit' || mayBe ? { id: output.id, mayBe: false } : null
  },
}

export type History = Operation<Input, { readonly id: Seen }>[]

const patience = 30_000

/** The id, or null when nobody took it by the deadline. */
export async function submitted(
  name: string,
  request: object,
  { peer, history, until }: { readonly peer: () => Daemon; readonly history: History; readonly until: number },
): Promise<string | null> {
  while (Date.now() < until) {
    const input = { name, idempotencyKey: name, ...request }
    const answer = await noted('submit', history, () => ask<{ id: string }>(peer().socket, 'workload.run', input))
    if (answer !== null) return answer.id
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return null
}

export async function looked(name: string, peer: Daemon, history: History): Promise<void> {
  await noted('read', history, async () => {
    try {
      return await ask<{ id: string }>(peer.socket, 'workload.info', { workload: name })
    } catch (error) {
      if (error instanceof Error && error.message.includes('WORKLOAD_NOT_FOUND')) return { id: null }
      throw error
    }
  })
}

/** What fails may still have taken effect, and an answer that comes too late is none. */
async function noted<T extends { readonly id: Seen }>(
  input: Input,
  history: History,
  work: () => Promise<T>,
): Promise<T | null> {
  const calledAt = performance.now()
  const late = new Promise<null>((resolve) => void setTimeout(() => resolve(null), patience).unref())
  const answer = await Promise.race([work().catch(() => null), late])
  const answeredAt = answer === null ? Infinity : performance.now()
  // A read without an answer says nothing.
  if (answer !== null || input === 'submit')
    history.push({ input, output: answer === null ? null : { id: answer.id }, calledAt, answeredAt })
  return answer
}
