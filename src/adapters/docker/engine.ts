/** The engine's door: where it is, and how every call to it is bounded and its failures are named. */
import Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import { isUnreachable, unavailable } from './engine-failure.ts'

/** How long a healthy engine may take over anything that is not a pull, a stop or a stream. */
const patience: Millis = 60_000

/** `address` is a socket's path, `unix://PATH`, `tcp://HOST:PORT` or `http://HOST:PORT`. */
export function connectEngine(address: string): Dockerode {
  if (!/^(tcp|https?):\/\//.test(address)) return new Dockerode({ socketPath: address.replace(/^unix:\/\//, '') })
  const { protocol, hostname, port } = new URL(address)
  return new Dockerode({
    host: hostname,
    port: port === '' ? 2_375 : Number(port),
    protocol: protocol === 'https:' ? 'https' : 'http',
  })
}

/**
 * One call to the engine. Throws the signal's reason when it was called off, EXECUTOR_UNAVAILABLE when the engine does not answer,
 * and the engine's own error otherwise. A `limit` of null waits for as long as the signal allows.
 */
export async function ask<T>(
  signal: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
  limit: Millis | null = patience,
): Promise<T> {
  signal?.throwIfAborted()
  const slow = limit === null ? null : AbortSignal.timeout(limit)
  const end = AbortSignal.any([signal, slow].filter((one) => one !== null))
  try {
    // Not every call of dockerode takes a signal.
    return await Promise.race([work(end), aborted(end)])
  } catch (error) {
    signal?.throwIfAborted()
    if (slow?.aborted === true) throw noAnswer(limit ?? 0)
    throw isUnreachable(error) ? unavailable(error) : error
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

const noAnswer = (limit: Millis): ClawError =>
  new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: `no answer within ${limit / 1_000} s` })

/** Does an engine answer here? */
export async function dockerAvailable(address: string, signal: AbortSignal): Promise<boolean> {
  try {
    await ask(signal, () => connectEngine(address).ping(), 5_000)
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Error) return false
    throw error
  }
}
