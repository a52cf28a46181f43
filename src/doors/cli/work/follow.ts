/** Streams that outlive a restart of the peer that serves them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawError } from '../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'

/** How long the peer may be away. */
const patience = 60_000

/** The peer itself is away. A node that the peer cannot reach is another matter. */
const isAway = (error: unknown, { address }: Api): boolean =>
  ClawError.is(error, 'ECONNREFUSED') || (ClawError.is(error, 'NODE_UNREACHABLE') && error.facts.node === address)

/** Opens the stream again whenever the connection breaks after it once stood. Throws when the peer stays away. */
export async function* reopened<T>(api: Api, open: () => AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  let awaySince: number | null = null
  let hasStood = false
  for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
    try {
      for await (const item of open()) {
        hasStood = true
        awaySince = null
        pause = 100
        yield item
      }
      return
    } catch (error) {
      const hasBroken = ClawError.is(error, 'NODE_UNREACHABLE')
      hasStood ||= hasBroken
      if (!isAway(error, api) || !hasStood) throw error
      if (hasBroken) awaySince = null
      awaySince ??= Date.now()
      if (Date.now() - awaySince > patience) throw error
      await sleep(pause, undefined, { signal })
    }
  }
}

/** The output of workloads, without gap or repeat. With `follow`, on through losses of the connection. */
export async function* logChunks(
  api: Api,
  input: InputOf<'log.read'>,
  signal: AbortSignal,
): AsyncIterable<OutputOf<'log.read'>> {
  if (input.follow !== true) {
    yield* api.stream('log.read', input, signal)
    return
  }
  const from: Record<string, { readonly attempt: number; readonly position: number }> = {}
  const open = (): AsyncIterable<OutputOf<'log.read'>> => api.stream('log.read', { ...input, from }, signal)
  for await (const chunk of reopened(api, open, signal)) {
    if (chunk.kinds !== '') from[chunk.workload] = { attempt: chunk.attempt, position: chunk.position }
    yield chunk
  }
}

/** The states of a workload until it has ended. */
export const workloadStates = (
  api: Api,
  workload: string,
  signal: AbortSignal,
): AsyncIterable<OutputOf<'workload.wait'>> =>
  reopened(api, () => api.stream('workload.wait', { workload }, signal), signal)

/** What happens in the mesh, without gap or repeat. With `follow`, on through losses of the connection. */
export async function* meshEvents(
  api: Api,
  input: InputOf<'events.watch'>,
  signal: AbortSignal,
): AsyncIterable<OutputOf<'events.watch'>> {
  let after = input.after
  // Where it goes on after a break, what was meant by `since` is behind it.
  const open = (): AsyncIterable<OutputOf<'events.watch'>> =>
    api.stream('events.watch', after === input.after ? input : { ...input, since: undefined, after }, signal)
  for await (const event of input.follow === true ? reopened(api, open, signal) : open()) {
    after = event.sequence
    yield event
  }
}

/** What is left on a node that is drained, until nothing is. */
export const drainStates = (api: Api, node: string, signal: AbortSignal): AsyncIterable<OutputOf<'node.drained'>> =>
  reopened(api, () => api.stream('node.drained', { node }, signal), signal)
