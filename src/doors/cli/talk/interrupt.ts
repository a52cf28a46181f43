/** Why a command is to end: somebody pressed Ctrl-C, or this program was told to end. */

export type EndSignal = 'SIGINT' | 'SIGTERM'

/** What the signal of a session is aborted with. */
export class Interrupt extends Error {
  readonly signal: EndSignal

  constructor(signal: EndSignal) {
    super(`this program was sent ${signal}`)
    this.name = 'AbortError'
    this.signal = signal
  }
}

export const endSignalOf = ({ reason }: AbortSignal): EndSignal =>
  reason instanceof Interrupt ? reason.signal : 'SIGINT'

/** Until what is returned is called, the session's end is that of `off` too. */
export function endingWith(signal: AbortSignal, off: AbortController): () => void {
  const end = (): void => off.abort(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return () => signal.removeEventListener('abort', end)
}
