/** Work that may be broken off, and what has to be done after it in any case. */

/** Throws the signal's reason once it has ended: what the work does after that is nobody's any more. */
export async function untilAborted<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
  takeDown: () => Promise<void>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    await takeDown()
  }
}
