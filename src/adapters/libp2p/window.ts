/** How often a stream tells its sender that there is room again. */
import type { Stream } from '@libp2p/interface'
import { StreamState, YamuxStream } from '@libp2p/yamux/stream'

/** A quarter of the window that a stream begins with: a sender always has three quarters of it left, or the word of more is on its way. */
export const updateAfter = 65_536

/**
 * yamux answers every data frame with a window update: a frame to encrypt and a socket to write to, as costly as a short message
 * itself. This lets it do so only after every `updateAfter` bytes.
 */
export function spareUpdates(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return
  const update = stream.sendWindowUpdate.bind(stream)
  let taken = 0
  stream.addEventListener('message', ({ data }) => {
    taken += data.byteLength
  })
  stream.sendWindowUpdate = () => {
    if (taken < updateAfter || stream.state === StreamState.Paused) return
    taken = 0
    update()
  }
}
