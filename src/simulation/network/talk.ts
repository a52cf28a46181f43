/** A conversation between simulated processes: both sides as in the daemon, and two channels of the medium between them. */
import type { FailureBody } from '../../model/failure.ts'
import { ClawError, failureFrom } from '../../model/failure.ts'
import type { Conversation } from '../../ports/conversation.ts'
import { type Carrier, ConversationSide } from '../../wire/conversation.ts'
import type { End } from './connections.ts'
import { Channel, type Medium } from './medium.ts'

/** The serving side's view of it. */
export interface TalkLink {
  readonly side: ConversationSide
  /** Ends when the caller leaves, or the connection breaks. */
  readonly signal: AbortSignal
  /** The serving side has seen the connection break. */
  readonly broken: () => void
  /** The last word: null for a normal end. */
  readonly end: (failure: FailureBody | null) => void
}

export interface Opening {
  readonly medium: Medium
  readonly end: End
  /** The caller's. */
  readonly signal: AbortSignal
  readonly serve: (link: TalkLink) => void
}

export function converseOver({ medium, end, signal, serve }: Opening): Conversation {
  const isOpen = (): boolean => end.open
  const forth = new Channel(end.local, end.remote, isOpen)
  const back = new Channel(end.remote, end.local, isOpen)
  const over = (on: Channel, other: () => ConversationSide): Carrier => ({
    ready: () => Promise.resolve(),
    emit: (frame) => {
      const copy = frame.type === 'data' ? { ...frame, data: new Uint8Array(frame.data) } : frame
      medium.sendFrame(on, () => other().take(copy))
    },
  })
  const caller: ConversationSide = new ConversationSide(over(forth, () => callee))
  const callee: ConversationSide = new ConversationSide(over(back, () => caller))

  const serving = new AbortController()
  const broken = (): void => {
    const error = new ClawError('NODE_UNREACHABLE', { node: end.local.id, detail: 'the connection broke' })
    callee.fail(error)
    serving.abort(error)
  }
  const leave = (error: Error): void => {
    if (caller.isOver) return
    caller.fail(error)
    forget()
    medium.sendFrame(forth, () => {
      const left = new Error('the caller has left', { cause: error })
      callee.fail(left)
      serving.abort(left)
    })
  }
  const onAbort = (): void => leave(signal.reason as Error)
  const onClose = (): void =>
    leave(new ClawError('NODE_UNREACHABLE', { node: end.remote.id, detail: 'the connection broke' }))
  const forget = (): void => {
    signal.removeEventListener('abort', onAbort)
    end.closers.delete(onClose)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  end.closers.add(onClose)

  const finish = (failure: FailureBody | null): void => {
    callee.end()
    medium.sendFrame(back, () => {
      if (failure === null) caller.end()
      else caller.fail(failureFrom(failure))
      forget()
    })
  }
  medium.sendFrame(forth, () => serve({ side: callee, signal: serving.signal, broken, end: finish }))
  caller.open()
  return caller
}
