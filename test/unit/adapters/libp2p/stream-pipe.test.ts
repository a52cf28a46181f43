import { setImmediate as turn } from 'node:timers/promises'
import { StreamState, YamuxStream } from '@libp2p/yamux/stream'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test } from 'vitest'
import { maxBacklog } from '../../../../src/adapters/libp2p/pipe.ts'
import { StreamPipe } from '../../../../src/adapters/libp2p/stream-pipe.ts'
import { updateAfter } from '../../../../src/adapters/libp2p/window.ts'
import { frame, FrameKind, laneMaxBytes } from '../../../../src/wire/frame.ts'

const maxBytes = laneMaxBytes.bulk

type Init = ConstructorParameters<typeof YamuxStream>[0]

const quiet: Init['log'] = Object.assign(() => {}, {
  ...{ enabled: false, error: () => {}, trace: () => {}, newScope: () => quiet },
})

/** Two pipes over one stream as yamux makes it, and between them a wire that takes a turn of the event loop. */
class Wired {
  readonly heard: number[] = []
  updates = 0
  ended = false
  readonly #ours: YamuxStream = this.#stream(() => this.#theirs)
  readonly #theirs: YamuxStream = this.#stream(() => this.#ours)
  readonly pipe = new StreamPipe({ stream: this.#ours, maxBytes, onFrame: () => {}, onEnd: () => {} })

  constructor() {
    new StreamPipe({
      ...{ stream: this.#theirs, maxBytes },
      onFrame: ({ payload }) => void this.heard.push(payload.length),
      onEnd: () => void (this.ended = true),
    })
  }

  send(bytes: number): void {
    this.pipe.send(frame(FrameKind.NOTICE, { payload: Buffer.alloc(bytes) }))
  }

  async until(done: () => boolean): Promise<void> {
    for (let turns = 0; turns < 10_000 && !done(); turns += 1) await turn()
  }

  #stream(other: () => YamuxStream): YamuxStream {
    return new YamuxStream({
      ...{ id: '1', streamId: 1, state: StreamState.Established, direction: 'outbound', log: quiet, getRTT: () => -1 },
      sendFrame: (header, body) => {
        const data = body === undefined ? null : new Uint8ArrayList(Uint8Array.from(body.subarray()))
        if (data === null && header.length > 0) this.updates += 1
        setImmediate(() => {
          if (data === null) other().handleWindowUpdate({ header })
          else other().handleData({ header, data })
        })
        return true
      },
    })
  }
}

test('frames of any size arrive whole and in order, however many are sent within a turn, with few words about the window', async () => {
  const size = fc.oneof(fc.nat(200), fc.nat(40_000), fc.nat(600_000))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(size, { maxLength: 8 }), { maxLength: 6 }), async (turns) => {
      const wired = new Wired()
      for (const sizes of turns) {
        for (const bytes of sizes) wired.send(bytes)
        await turn()
      }
      const sent = turns.flat()
      await wired.until(() => wired.heard.length === sent.length)
      expect(wired.heard).toEqual(sent)
      const total = sent.reduce((sum, bytes) => sum + bytes + 32, 0)
      expect(wired.updates).toBeLessThanOrEqual(total / updateAfter)
    }),
    { numRuns: 50 },
  )
})

test('given more senders that wait for room than the stream holds, when the other side reads on, then all of them go on', async () => {
  const wired = new Wired()
  const sender = async (): Promise<void> => {
    for (let i = 0; i < 2; i += 1) {
      await wired.pipe.ready()
      wired.send(maxBacklog)
    }
  }
  wired.send(2 * maxBacklog)
  await Promise.all(Array.from({ length: 20 }, sender))
  await wired.until(() => wired.heard.length === 41)
  expect(wired.heard).toEqual([2 * maxBacklog, ...Array.from({ length: 40 }, () => maxBacklog)])
})

test('given a sender that waits for room, when the pipe ends, then it waits no more', async () => {
  const wired = new Wired()
  wired.send(2 * maxBacklog)
  const ready = wired.pipe.ready()
  wired.pipe.abort(new Error('the link is gone'))
  await ready
  expect(wired.pipe.backlog).toBe(0)
})

test('what was sent in the turn in which a pipe is closed still arrives, and then the end', async () => {
  const wired = new Wired()
  wired.send(1)
  wired.send(2)
  await wired.pipe.close()
  wired.send(3)
  await wired.until(() => wired.ended)
  expect(wired.heard).toEqual([1, 2])
})
