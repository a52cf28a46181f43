/** What a command line has around it. Real in the program, made up in tests. */
import type { Readable, Writable } from 'node:stream'
import type { SignIn } from '../../ports/sign-in.ts'
import type { Visit } from '../../ports/visitor.ts'
import type { SimulateMarket } from '../../sim/market/request.ts'
import type { Simulate } from '../../sim/simulation.ts'

export type Sink = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }
  readonly stdout: Sink
  readonly stderr: Sink
  readonly version: string
  /** Connects to a peer by multiaddr as the operator with this Ed25519 seed. Loads the network code only now. */
  visit(address: string, seed: Uint8Array, signal: AbortSignal): Promise<Visit>
  /** Has the user sign in at an identity provider. Loads what that needs only now. */
  readonly signIn: SignIn
  /** Starts daemons on this machine, does to them what a scenario says, and ends them. Loads what that needs only now. */
  readonly simulate: Simulate
  /** Plays a market in virtual time. Loads what that needs only now. */
  readonly simulateMarket: SimulateMarket
}
