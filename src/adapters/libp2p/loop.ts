/** This peer calling itself: the same frames and limits, without a network. */
import type { FrameMessage } from '../../wire/frame.ts'
import { CallsIn, type CallsInDeps } from './calls-in.ts'
import { CallsOut } from './calls-out.ts'
import type { Pipe } from './pipe.ts'

export function loop(deps: Pick<CallsInDeps, 'from' | 'clock' | 'log' | 'find' | 'blame'>): CallsOut {
  const towards = (take: (message: FrameMessage) => void): Pipe => ({
    backlog: 0,
    ready: () => Promise.resolve(),
    send(message) {
      const own = { ...message, payload: new Uint8Array(message.payload) }
      queueMicrotask(() => take(own))
    },
  })
  const calls: CallsOut = new CallsOut(towards((message) => served.take(message)))
  const served = new CallsIn({ ...deps, allow: () => true, pipe: towards((message) => calls.take(message)) })
  return calls
}
