/** Has the mesh carry out what a caller wants changed. */
import type { Command } from '../core/state/types.ts'
import type { Executed } from '../services/control/types.ts'
import type { OperationContext } from './context.ts'
import { within } from './deadline.ts'
import { exceptionsRecorded } from './exceptions.ts'
import { mayHere } from './gate.ts'
import type { Call, Caller } from './operation.ts'
import { requirePrivileges } from './privileges.ts'
import { randomWord } from './workload/workload-request.ts'

/** How long a change waits for a leader before it gives up. */
export const changePatience = 20_000

export interface Asker extends Pick<Call, 'caller' | 'signal'> {
  readonly context: Pick<OperationContext, 'control' | 'clock' | 'random' | 'self' | 'audit' | 'request'>
  /** The caller's own key: with it a repetition is harmless. */
  readonly key?: string | undefined
}

/** `what` names the kind of change, and with the caller and its key this one. Throws PERMISSION_DENIED, the failure of a refusal, NO_LEADER or DEADLINE_EXCEEDED. */
export async function carryOut(what: string, command: Command, asker: Asker): Promise<Executed> {
  const { context, caller, signal } = asker
  const { control, clock } = context
  requirePrivileges(mayHere(caller, context), command, control.state)
  const id = commandId(what, asker)
  const isSigned = caller.proof !== undefined
  // Nobody speaks for an operator but the peer that leads and has checked what was signed. Others speak for themselves.
  const isAlone = isSigned && control.status().role === 'leader'
  const by = isSigned && !isAlone ? context.self : caller.id
  return exceptionsRecorded(command, asker, () =>
    within(clock, changePatience, signal, (limited) =>
      control.execute(command, { id, by, signal: limited, ...(isAlone && { alone: true }) }),
    ),
  )
}

/** How many commands a signed request has led to here so far: each has a number of its own, the same whoever carries it out. */
const counts = new WeakMap<Caller, number>()

/** The id that the mesh knows a command by: of the caller's key, else of what the caller has signed, else by chance. */
export function commandId(
  what: string,
  { context, caller, key }: Pick<Asker, 'caller' | 'key'> & { readonly context: Pick<OperationContext, 'random'> },
): string {
  if (key !== undefined) return `${what}/${caller.id}/${key}`
  const { proof } = caller
  if (proof === undefined) return `${what}/${randomWord(context.random, 26)}`
  const number = counts.get(caller) ?? 0
  counts.set(caller, number + 1)
  return `${what}/${caller.id}/${proof.nonce}/${number}`
}
