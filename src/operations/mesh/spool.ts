/** Submissions that a peer keeps while the mesh has no leader. Each peer has a spool of its own. */
import { z } from 'zod'
import type { Spooled } from '../../core/spool/spool.ts'
import { spooledBy } from '../../core/spool/spool.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { ClawError, failureFrom } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Executed } from '../../services/control/types.ts'
import { callerNamed } from '../caller.ts'
import type { Asker } from '../carry-out.ts'
import { carryOut, commandId } from '../carry-out.ts'
import type { OperationContext } from '../context.ts'
import { within } from '../deadline.ts'
import { exceptionsRecorded } from '../exceptions.ts'
import { iso, nodeRef, time } from '../fields.ts'
import { called, findNode } from '../find.ts'
import { nameOf } from '../node/node-view.ts'
import { unary } from '../operation.ts'
import { mayHere } from '../gate.ts'
import { requirePrivileges } from '../privileges.ts'

/** How long the mesh may take before the peer keeps the submission: longer than an election. */
const patience = 5_000

type SpoolAsker = Omit<Asker, 'context'> & {
  readonly context: Pick<OperationContext, 'control' | 'clock' | 'random' | 'spool' | 'self' | 'audit' | 'request'>
}

/** Has the mesh take it, or keeps it for the mesh. Throws the failure of a refusal, and SPOOL_FULL. */
export async function submitOrKeep(command: CommandOf<'submit'>, asker: SpoolAsker): Promise<Executed | Spooled> {
  const { caller, context } = asker
  requirePrivileges(mayHere(caller, context), command, context.control.state)
  // A signature is good for a minute: nobody could hand it over later.
  if (caller.proof !== undefined) return carryOut('run', command, asker)
  return exceptionsRecorded(command, asker, () => taken(command, asker))
}

async function taken(command: CommandOf<'submit'>, asker: SpoolAsker): Promise<Executed | Spooled> {
  const { control, clock, spool } = asker.context
  const { caller, signal } = asker
  const id = commandId('run', asker)
  const known = spooledBy(spool.entries(), id)
  if (known !== null) {
    if (known.refusal !== null) throw failureFrom(known.refusal)
    return known
  }
  const before = control.status().leader
  try {
    return await within(clock, patience, signal, (limited) =>
      control.execute(command, { id, by: caller.id, signal: limited }),
    )
  } catch (error) {
    if (signal.aborted || !(ClawError.is(error, 'NO_LEADER') || ClawError.is(error, 'DEADLINE_EXCEEDED'))) throw error
    const isTried = before !== null || control.status().leader !== null || ClawError.is(error, 'DEADLINE_EXCEEDED')
    const { workload, name, spec } = command
    return spool.keep({
      ...{ command: id, workload, name, spec, by: caller.id, at: clock.now(), isTried, refusal: null },
      ...(caller.via === undefined ? {} : { via: caller.via }),
    })
  }
}

/**
 * What was kept may have waited for days: whoever submitted it has to have the right to when it is handed over. Throws AUTH_FAILED,
 * PERMISSION_DENIED and MOUNT_DENIED.
 */
export function requireStill(
  context: Pick<OperationContext, 'control' | 'clock' | 'self'>,
  { by, via, workload, name, spec }: Spooled,
): void {
  const may = mayHere(callerNamed(by, via), context)
  if (!may({ verb: 'create', resource: 'workload' }, spec.namespace))
    throw new ClawError('PERMISSION_DENIED', { action: `create a workload in ${spec.namespace} any more` })
  requirePrivileges(may, { type: 'submit', workload, name, spec }, context.control.state)
}

const node = nodeRef.optional().describe('The peer whose spool it is; the one that is asked when left out')
const where = ({ node: of }: { readonly node?: string | undefined }, { control, self }: OperationContext): NodeId =>
  of === undefined ? self : findNode(control.state, of)

const SpooledView = z.object({
  id: z.string().describe('Id that the workload will have'),
  name: z.string(),
  image: z.string(),
  state: z.enum(['waiting', 'refused']).describe('`refused`: the mesh did not take it; it stays until it is dropped'),
  node: z.string().describe('Name of the peer that keeps it'),
  since: time,
  submittedBy: z.string(),
  tried: z.boolean().describe('It was handed over before without an answer, so it may run already'),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})

const viewOf = (
  { workload, name, spec, by, at, isTried, refusal }: Spooled,
  { control, self }: OperationContext,
): z.infer<typeof SpooledView> => ({
  ...{ id: workload, name, image: spec.image, node: nameOf(control.state, self), since: iso(at), submittedBy: by },
  state: refusal === null ? 'waiting' : 'refused',
  tried: isTried,
  error: refusal === null ? null : { code: refusal.code, message: refusal.message },
})

export const spoolList = unary({
  name: 'spool.list',
  about: 'List the submissions that a peer keeps until the mesh has a leader, oldest first.',
  input: z.strictObject({ node }),
  output: z.array(SpooledView),
  permission: { verb: 'read', resource: 'workload' },
  isScoped: true,
  rest: { method: 'GET', path: '/api/spool' },
  where,
  handler: (_, context) => Promise.resolve(context.spool.entries().map((one) => viewOf(one, context))),
})

export const spoolDrop = unary({
  name: 'spool.drop',
  about: 'Give up a submission that a peer keeps.',
  input: z.strictObject({ workload: z.string().min(1).max(128).describe('Name or id of the workload'), node }),
  output: SpooledView,
  permission: { verb: 'stop', resource: 'workload' },
  namespace: ({ workload }, context) => spooled(workload, context).spec.namespace,
  rest: { method: 'DELETE', path: '/api/spool/:workload' },
  where,
  async handler({ workload }, context) {
    const found = spooled(workload, context)
    await context.spool.drop(found.command)
    return viewOf(found, context)
  },
})

/** Throws WORKLOAD_NOT_FOUND. */
function spooled(workload: string, { spool }: Pick<OperationContext, 'spool'>): Spooled {
  const all = spool.entries().map((one) => ({ ...one, id: one.workload }))
  const found = called(all, workload)
  if (found === undefined) throw new ClawError('WORKLOAD_NOT_FOUND', { workload })
  return found
}
