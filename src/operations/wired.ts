/** A request as one member sends it to another. */
import type { Told } from './caller.ts'
import { tell } from './caller.ts'
import type { Entrant } from './gate.ts'
import type { Caller } from './operation.ts'
import { proofBeside } from './signed/proofs.ts'

export interface Wire extends Told {
  readonly name: string
  readonly input: string
  /** What the peer that was asked first calls the request. */
  readonly request: string
  readonly proof: Uint8Array<ArrayBuffer>
}

interface Sent {
  readonly caller: Caller
  readonly entrant: Entrant
  readonly request?: string
}

export function wireOf(name: string, value: unknown, { caller, entrant, request = '' }: Sent): Wire {
  const input = JSON.stringify(value)
  return { name, input, request, ...tell(caller, entrant.worth.now), proof: proofBeside(caller, { name, input }) }
}

/** Older members do not say what the request is called. */
export const requestOf = ({ request }: Pick<Wire, 'request'>): string =>
  request === '' || request.length > 64 ? '-' : request
