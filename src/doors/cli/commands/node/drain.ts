import { ClawError } from '../../../../model/failure.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import type { Api } from '../../peer/api.ts'
import type { Session } from '../../line/command.ts'
import { command } from '../../line/command.ts'
import { canAsk, confirm } from '../../confirm.ts'
import { interrupted } from '../../exit-code.ts'
import { drainStates } from '../../work/follow.ts'
import { leftInWords, opennessInWords } from '../../show/openness.ts'
import { spanOption } from '../../line/span-option.ts'

type Openness = OutputOf<'node.drain'>

export default command({
  name: 'node drain',
  about: 'Move all work off a node, and let no new work onto it.',
  details:
    'Waits until nothing is left on it and tells what is. Work that may run nowhere else waits until it can. ' +
    'Ctrl-C and --timeout end the waiting, not the drain; `node undrain` does that. At a terminal it asks first when there is work.',
  positionals: { node: { about: 'Name or id of the node', completes: 'node' } },
  options: {
    reason: { kind: 'text', value: 'TEXT', about: 'Why, for those who wonder later' },
    grace: { kind: 'text', value: 'TIME', about: 'From SIGTERM to SIGKILL; each workload’s own if left out' },
    force: { kind: 'flag', about: 'Kill at once: --grace 0' },
    wait: { kind: 'flag', about: 'Stay until nothing is left, which is what happens if left out' },
    'no-wait': { kind: 'flag', about: 'Return as soon as the mesh has taken the request' },
    timeout: { kind: 'text', value: 'TIME', about: 'Wait no longer than that' },
    yes: { kind: 'flag', short: 'y', about: 'Do not ask' },
  },
  examples: [
    'node drain gpu-node-3',
    'node drain gpu-node-3 --reason "new disks" --grace 2m --timeout 30m',
    'node drain gpu-node-3 --force --no-wait',
  ],

  async run({ node, reason, grace, force, 'no-wait': noWait, timeout, yes }, session) {
    const patience = spanOption('--timeout', timeout)
    const api = await session.api()
    // A drain can be ended again, so where nobody can be asked nobody has to be.
    if (!yes && canAsk(session)) await askFirst(api, node, session)
    const taken = await api.call('node.drain', { node, reason, grace, force }, session.signal)
    const last = noWait ? taken : await emptied(api, taken, { ...session, patience })
    if (last === null) return interrupted
    await session.out.result(last, opennessInWords)
    return undefined
  },
})

async function askFirst(api: Api, node: string, session: Session): Promise<void> {
  const { name, running } = await api.call('node.info', { node }, session.signal)
  if (running.length === 0) return
  const named = running.slice(0, 8).map((one) => `  ${one.name} (${one.id}) ${one.state}`)
  const more = running.length > named.length ? [`  and ${running.length - named.length} more`] : []
  const plan = [`${running.length} workload(s) will be stopped on ${name} and placed elsewhere:`, ...named, ...more]
  await confirm(plan, { ...session, yes: false })
}

type Around = Pick<Session, 'out' | 'signal'> & { readonly patience: number | null }

/** Null when the user let go of it. */
async function emptied(api: Api, taken: Openness, { out, signal, patience }: Around): Promise<Openness | null> {
  const { id, name } = taken
  const late = new AbortController()
  const timer =
    patience === null
      ? undefined
      : setTimeout(() => {
          late.abort()
        }, patience)
  let last = taken
  try {
    for await (const state of drainStates(api, id, AbortSignal.any([signal, late.signal]))) {
      last = state
      if (state.left.length > 0) tell(state, out)
    }
  } catch (error) {
    if (!signal.aborted && !late.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  if (signal.aborted) {
    out.note(`\n${name} stays drained, and ${last.left.length} workload(s) still leave it. End the drain:`)
    out.note(`clawbernetes node undrain ${name}`)
    return null
  }
  if (last.left.length === 0) return last
  if (last.mode === 'draining')
    throw new ClawError('DEADLINE_EXCEEDED', { what: `draining ${name}`, ms: patience ?? 0 })
  throw new ClawError('INVALID_REQUEST', { problem: `somebody ended the drain of ${name}` })
}

function tell(state: Openness, out: Session['out']): void {
  out.note(`${state.name} has ${state.left.length} workload(s) left:`)
  for (const line of leftInWords(state)) out.note(line)
}
