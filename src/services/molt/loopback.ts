/** Calls that also reach this node: a host cannot dial itself, and the account of a witness asks its own witness like all others. */
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Handler, Protocol, Rpc } from '../../ports/rpc.ts'

type Calls = Pick<Rpc, 'call' | 'serve'>

/** What is served through it answers both the network and, without any message, this node. */
export function withLoopback(rpc: Calls, self: NodeId): Calls {
  const served = new Map<string, Handler<never, unknown>>()
  return {
    async call<Request, Response>(
      to: NodeId,
      protocol: Protocol<Request, Response>,
      request: Request,
      signal: AbortSignal,
    ): Promise<Response> {
      if (to !== self) return rpc.call(to, protocol, request, signal)
      signal.throwIfAborted()
      const handle = served.get(protocol.id) as Handler<Request, Response> | undefined
      if (handle === undefined)
        throw new ClawError('NODE_UNREACHABLE', { node: self, detail: 'it does not serve this itself' })
      return handle(request, self, signal)
    },
    serve(protocol, handle) {
      served.set(protocol.id, handle)
      const unserve = rpc.serve(protocol, handle)
      return () => {
        served.delete(protocol.id)
        unserve()
      }
    },
  }
}
