/** Calls of a member that is not what it seems, on its own lane, and what it is answered. */
import type { Stream } from '@libp2p/interface'
import type { ClawError } from '../../src/model/failure.ts'
import { decodeFailure, frame, frameCodec, FrameKind } from '../../src/wire/frame.ts'
import type { OperationRequest } from '../../src/wire/gen/operation.ts'
import { invokeOperation } from '../../src/wire/operation.ts'
import { send } from './hostile-peer.ts'

export type Answer = { readonly output: string } | { readonly failure: ClawError }

export class RogueCalls {
  readonly #stream: Stream
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #received = Buffer.alloc(0)
  #calls = 1_000

  constructor(bulk: Stream) {
    this.#stream = bulk
    bulk.addEventListener('message', ({ data }) => {
      this.#received = Buffer.concat([this.#received, data.subarray()])
      this.#read()
    })
  }

  /** Has the member at the other end run an operation for whom it names. */
  invoke(request: OperationRequest): Promise<Answer> {
    const call = (this.#calls += 1)
    const payload = invokeOperation.request.encode(request)
    return new Promise((resolve) => {
      this.#waiting.set(call, resolve)
      send(this.#stream, frame(FrameKind.REQUEST, { protocol: invokeOperation.id, call, payload }))
    })
  }

  #read(): void {
    for (;;) {
      let [length, at, shift] = [0, 0, 0]
      for (; at < this.#received.length; shift += 7) {
        const byte = this.#received[at] ?? 0
        length += (byte & 0x7f) * 2 ** shift
        at += 1
        if (byte < 0x80) break
      }
      if (at === 0 || this.#received.length < at + length) return
      this.#take(this.#received.subarray(at, at + length))
      this.#received = this.#received.subarray(at + length)
    }
  }

  #take(bytes: Uint8Array): void {
    const { kind, call, payload } = frameCodec.decode(bytes)
    const answer = this.#waiting.get(call)
    if (kind === FrameKind.FAILURE) answer?.({ failure: decodeFailure(payload) })
    if (kind === FrameKind.RESPONSE) answer?.(invokeOperation.response.decode(payload))
  }
}
