/** A workload's own process, talked to from here until it has ended, or it is let go of. */
import { ClawError } from '../../../model/failure.ts'
import type { Api } from '../peer/api.ts'
import { attend, onceRunning, type Submitted } from '../work/attend.ts'
import type { Session } from '../line/command.ts'
import { DetachKeys, detachKeysIn, usualDetachKeys } from './detach-keys.ts'
import { followed, passInput, sendSignal, sizeOf, type Told } from './interactive.ts'
import { endingWith, endSignalOf, type EndSignal } from './interrupt.ts'

export interface Attaching {
  readonly workload: string
  readonly hasInput: boolean
  /** Begin with what it has printed so far. */
  readonly replay: boolean
  /** They count where both sides are terminals. The usual ones when left out. */
  readonly detachKeys?: string | undefined
  /** What is for the workload, when this program is sent it; at anything else it is let go of. */
  readonly proxied: readonly EndSignal[]
}

/** Returns the exit code of the workload; 0 when it was let go of. */
export async function attached(wanted: Attaching, session: Session): Promise<number> {
  const { workload, hasInput, replay, proxied } = wanted
  const keys = new DetachKeys(detachKeysIn(wanted.detachKeys ?? usualDetachKeys))
  const { host, signal, out } = session
  const api = await session.api()
  signal.throwIfAborted()
  const off = new AbortController()
  const terminal = host.stdout.isTTY === true ? sizeOf(host.stdout) : undefined
  const request = { workload, stdin: hasInput, replay, ...(terminal === undefined ? {} : { terminal }) }
  // Before it is attached nothing can be passed on.
  const isAttached = endingWith(signal, off)
  const talk = await api.converse('workload.attach', request, off.signal)

  const letGo = Promise.withResolvers<number>()
  let wasLetGo = false
  const detach = (): void => {
    wasLetGo = true
    letGo.resolve(0)
  }
  const onInterrupt = (): void => {
    const name = endSignalOf(signal)
    if (proxied.includes(name)) sendSignal(talk, name)
    else detach()
  }
  let input: ReturnType<typeof passInput> | null = null
  const onStarted = ({ terminal: isThere = false, stdin = false }: Told): void => {
    isAttached()
    if (hasInput && !stdin)
      out.note(`${workload} takes no input: it was submitted without -i. What it prints is shown; Ctrl-C is for it.`)
    const hasTerminal = isThere && host.stdin.isTTY === true
    const plan = {
      hasInput: hasInput && stdin,
      hasTerminal,
      onInterrupt,
      ...(hasTerminal ? { letGo: { keys, detach } } : {}),
    }
    input = passInput(talk, plan, session)
  }
  try {
    return await Promise.race([followed(talk, workload, session, onStarted), letGo.promise])
  } finally {
    isAttached()
    ;(input as ReturnType<typeof passInput> | null)?.stop()
    off.abort(new Error('it was let go of'))
    if (wasLetGo) out.note(`\n${workload} goes on. Come back to it:  clawbernetes attach ${workload}`)
  }
}

/** For what was just submitted: attached as soon as it runs, or, when it is over by then, what it has printed. */
export async function attachNew(api: Api, submitted: Submitted, hasInput: boolean, session: Session): Promise<number> {
  const { id, name } = submitted
  try {
    if (await onceRunning(api, id, session))
      return await attached({ workload: name, hasInput, replay: true, proxied: ['SIGINT', 'SIGTERM'] }, session)
  } catch (error) {
    if (!ClawError.is(error, 'WORKLOAD_NOT_RUNNING')) throw error
  }
  return attend(api, submitted, { ...session, isMute: false })
}
