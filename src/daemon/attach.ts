/** Attaching to a peer from outside, by multiaddr. Loaded by the command line only when it is told to. */
import { openVisitor } from '../adapters/libp2p/visitor.ts'
import { systemClock } from '../adapters/system/clock.ts'
import type { Visit } from '../ports/visitor.ts'

/** Connects as the holder of this Ed25519 seed. Closing the visit lets go of the network too. Throws NODE_UNREACHABLE. */
export async function attach(address: string, seed: Uint8Array, signal: AbortSignal): Promise<Visit> {
  const visitor = await openVisitor({ identity: { seed }, networkKey: null, clock: systemClock })
  try {
    const visit = await visitor.visit([address], signal)
    return {
      peer: visit.peer,
      call: (protocol, request, within) => visit.call(protocol, request, within),
      stream: (protocol, request, within) => visit.stream(protocol, request, within),
      converse: (protocol, request, within) => visit.converse(protocol, request, within),
      async close() {
        await visit.close()
        await visitor.close()
      },
    }
  } catch (error) {
    await visitor.close()
    throw error
  }
}
