/** One direction of a connection: what one socket gets, the other sends, in order, maybe later, maybe not for now. */
import type { Socket } from 'node:net'
import type { Millis } from '../../model/time.ts'

export interface Condition {
  /** Nothing passes, not even that the other end has closed: as when a cable is pulled. */
  readonly isFrozen: boolean
  readonly latency: Millis
}

export interface Flow {
  set(condition: Condition): void
  /** Closes both sockets at once. */
  end(): void
}

interface Parcel {
  readonly bytes: Buffer | 'end' | 'reset'
  readonly due: Millis
}

/** With so much on the way, no more is taken. */
const most = 1_048_576

export function flow(from: Socket, to: Socket): Flow {
  const waiting: Parcel[] = []
  let [isFrozen, latency, bytesWaiting] = [false, 0, 0]
  let timer: NodeJS.Timeout | null = null

  // What has nowhere to go any more is let in all the same, so that its end is seen.
  const isHeld = (): boolean => isFrozen || (!to.destroyed && (to.writableNeedDrain || bytesWaiting > most))
  const pace = (): void => {
    if (isHeld()) from.pause()
    else from.resume()
  }
  const pass = (bytes: Parcel['bytes']): void => {
    if (to.destroyed) return
    if (bytes === 'end') to.end()
    else if (bytes === 'reset') to.resetAndDestroy()
    else to.write(bytes)
  }
  const deliver = (): void => {
    timer = null
    if (isFrozen) return
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const wait = next.due - performance.now()
      if (wait > 0) {
        timer = setTimeout(deliver, wait)
        break
      }
      waiting.shift()
      bytesWaiting -= sizeOf(next)
      pass(next.bytes)
    }
    pace()
  }
  const take = (bytes: Parcel['bytes']): void => {
    if (waiting.length === 0 && latency === 0 && !isFrozen) pass(bytes)
    else {
      const parcel = { bytes, due: performance.now() + latency }
      waiting.push(parcel)
      bytesWaiting += sizeOf(parcel)
      if (timer === null) deliver()
    }
    pace()
  }

  from.on('data', take)
  from.on('end', () => take('end'))
  from.on('error', () => take('reset'))
  to.on('drain', pace)
  to.on('close', () => {
    if (timer !== null) clearTimeout(timer)
    waiting.length = 0
    bytesWaiting = 0
    pace()
  })
  return {
    set(condition) {
      ;({ isFrozen, latency } = condition)
      if (timer === null) deliver()
    },
    end() {
      from.destroy()
      to.destroy()
    },
  }
}

const sizeOf = ({ bytes }: Parcel): number => (typeof bytes === 'string' ? 0 : bytes.length)
