/** Has the mesh carry out what a caller wants changed. */
import type { Command } from '../core/state/types.ts'
import type { Executed } from '../services/control/types.ts'
import type { OperationContext } from './context.ts'
import { within } from './deadline.ts'
import type { Call } from './operation.ts'
import { mayHere } from './gate.ts'
import { requirePrivileges } from './privileges.ts'
import { randomWord } from './workload/workload-request.ts'

/** How long a change waits for a leader before it gives up. */
export const changePatience = 20_000

export interface Asker extends Pick<Call, 'caller' | 'signal'> {
  readonly context: Pick<OperationContext, 'control' | 'clock' | 'random' | 'self'>
  /** The caller's own key: with it a repetition is harmless. */
  readonly key?: string | undefined
}

/** `what` names the kind of change, and with the caller and its key this one. Throws PERMISSION_DENIED, the failure of a refusal, NO_LEADER or DEADLINE_EXCEEDED. */
export async function carryOut(what: string, command: Command, asker: Asker): Promise<Executed> {
  const { context, caller, signal } = asker
  const { control, clock } = context
  requirePrivileges(mayHere(caller, context), command)
  const id = commandId(what, asker)
  return within(clock, changePatience, signal, (limited) =>
    control.execute(command, { id, by: caller.id, signal: limited }),
  )
}

/** The id that the mesh knows a command by: of the caller's key, or by chance. */
export const commandId = (
  what: string,
  { context, caller, key }: Pick<Asker, 'caller' | 'key'> & { readonly context: Pick<OperationContext, 'random'> },
): string => (key === undefined ? `${what}/${randomWord(context.random, 26)}` : `${what}/${caller.id}/${key}`)
