/** A workload's own process, talked to from here until it has ended, or it is let go of. */
import { ClawError } from '../../model/failure.ts'
import type { Api } from './api.ts'
import { attend, onceRunning, type Submitted } from './attend.ts'
import type { Session } from './command.ts'
import { DetachKeys, detachKeysIn } from './detach-keys.ts'
import { followed, passInput, sendSignal, sizeOf, type Told } from './interactive.ts'

export interface Attaching {
  readonly workload: string
  readonly hasInput: boolean
  /** Begin with what it has printed so far. */
  readonly replay: boolean
  readonly detachKeys: string
  /** Whether Ctrl-C is for the workload, and not for this program. */
  readonly proxiesSignals: boolean
}

/** Returns the exit code of the workload; 0 when it was let go of. */
export async function attached(wanted: Attaching, session: Session): Promise<number> {
  const { workload, hasInput, replay, proxiesSignals } = wanted
  const keys = new DetachKeys(detachKeysIn(wanted.detachKeys))
  const { host, signal, out } = session
  const api = await session.api()
  signal.throwIfAborted()
  const off = new AbortController()
  const terminal = host.stdout.isTTY === true ? sizeOf(host.stdout) : undefined
  const request = { workload, stdin: hasInput, replay, ...(terminal === undefined ? {} : { terminal }) }
  const talk = await api.converse('workload.attach', request, off.signal)

  const letGo = Promise.withResolvers<number>()
  let wasLetGo = false
  const detach = (): void => {
    wasLetGo = true
    letGo.resolve(0)
  }
  const onInterrupt = proxiesSignals ? () => sendSignal(talk, 'SIGINT') : detach
  const sift = (typed: Uint8Array): Uint8Array => {
    const { data, isOver } = keys.push(typed)
    if (isOver) detach()
    return data
  }
  let input: ReturnType<typeof passInput> | null = null
  const onStarted = ({ terminal: isThere = false, stdin = false }: Told): void => {
    if (hasInput && !stdin)
      out.note(`${workload} takes no input: it was submitted without -i. What it prints is shown; Ctrl-C is for it.`)
    const hasTerminal = isThere && host.stdin.isTTY === true
    const plan = { hasInput: hasInput && stdin, hasTerminal, onInterrupt, ...(hasTerminal ? { sift } : {}) }
    input = passInput(talk, plan, session)
    if (signal.aborted) onInterrupt()
  }
  try {
    return await Promise.race([followed(talk, workload, session, onStarted), letGo.promise])
  } finally {
    ;(input as ReturnType<typeof passInput> | null)?.stop()
    off.abort(new Error('it was let go of'))
    if (wasLetGo) out.note(`\n${workload} goes on. Come back to it:  clawbernetes attach ${workload}`)
  }
}

/** For what was just submitted: attached as soon as it runs, or, when it is over by then, what it has printed. */
export async function attachNew(
  api: Api,
  submitted: Submitted,
  { hasInput, hasTerminal }: { readonly hasInput: boolean; readonly hasTerminal: boolean },
  session: Session,
): Promise<number> {
  const { id, name, parts } = submitted
  if (parts.length > 0)
    throw new ClawError('INVALID_REQUEST', { problem: `${name} has ${parts.length} parts: attach to one of them` })
  try {
    if (await onceRunning(api, id, session)) {
      const keys = { detachKeys: hasTerminal ? 'ctrl-p,ctrl-q' : '', proxiesSignals: true }
      return await attached({ workload: name, hasInput, replay: true, ...keys }, session)
    }
  } catch (error) {
    if (!ClawError.is(error, 'WORKLOAD_NOT_RUNNING')) throw error
  }
  return attend(api, submitted, { ...session, isMute: false })
}
