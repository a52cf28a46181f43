/** Staying with a workload until it has ended: its states on stderr, its output where it belongs, its exit code at the end. */
import type { FailureKind } from '../../../model/failures.ts'
import { failures } from '../../../model/failures.ts'
import type { OutputOf } from '../../../operations/registry.ts'
import type { Api } from '../peer/api.ts'
import type { Session } from '../line/command.ts'
import { interrupted, workloadExitCode } from '../exit-code.ts'
import { logChunks, workloadStates } from './follow.ts'
import { printChunk } from '../show/log-printer.ts'
import { notedChanges } from './noted-changes.ts'

type Workload = OutputOf<'workload.wait'>

interface Named {
  readonly id: string
  readonly name: string
}

/** At most so many parts of a group are followed at a time: each takes two streams, and more could not be read anyway. */
export const mostAttended = 16

export interface Submitted extends Named {
  /** None when it is a workload by itself. */
  readonly parts: readonly Named[]
}

/** Returns the exit code of the workload, of a group the first that is not 0; or 130 when the user let go of it. */
export async function attend(
  api: Api,
  { id, name, parts }: Submitted,
  session: Session & { readonly isMute: boolean },
): Promise<number> {
  const { out, signal, isMute } = session
  const letGo = (): void => {
    out.note(`\n${name} goes on.`)
    out.note(`Come back to it:  clawbernetes logs -f ${name}`)
    out.note(`Stop it:          clawbernetes stop ${name}`)
  }
  signal.addEventListener('abort', letGo, { once: true })
  try {
    if (parts.length === 0) return await attendOne(api, { id, name }, { out, signal, isMute, prefix: '' })
    const exitCodes = await Promise.all(
      parts.map((part) => attendOne(api, part, { out, signal, isMute, prefix: `[${part.name}] ` })),
    )
    return exitCodes.find((code) => code !== 0) ?? 0
  } catch (error) {
    if (signal.aborted) return interrupted
    throw error
  } finally {
    signal.removeEventListener('abort', letGo)
  }
}

type Around = Pick<Session, 'out' | 'signal'> & {
  /** Its output is not wanted. */
  readonly isMute: boolean
  /** Before each line of output. */
  readonly prefix: string
}

async function attendOne(api: Api, { id, name }: Named, around: Around): Promise<number> {
  const { out } = around
  const [last] = await Promise.all([states(api, id, around), ...(around.isMute ? [] : [output(api, id, around)])])
  if (out.isForMachines) await out.item(last, '')
  if (last.error !== null && (out.isForMachines || last.error.code !== 'NONZERO_EXIT'))
    out.error({ ...last.error, hint: hintOf(last.error.code) } as Parameters<typeof out.error>[0])
  if (last.state === 'stopped') out.note(`${name} was stopped`)
  return workloadExitCode(last, kindOf)
}

/** Waits until it runs, and says what happens meanwhile. False when it has ended instead. */
export async function onceRunning(
  api: Api,
  id: string,
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<boolean> {
  let told = ''
  for await (const state of workloadStates(api, id, signal)) {
    if (state.state === 'running') return true
    const text = inWords(state)
    if (text !== told && text !== '') out.note(text)
    told = text
  }
  return false
}

async function states(api: Api, id: string, around: Around): Promise<Workload> {
  const last = await notedChanges(workloadStates(api, id, around.signal), inWords, around)
  if (last === null) throw new Error(`the states of ${id} ended before they began`)
  return last
}

async function output(api: Api, id: string, { out, signal, prefix }: Around): Promise<void> {
  const input = { workloads: [id], follow: true, details: out.isForMachines }
  const settings = { timestamps: false, prefix: () => prefix }
  for await (const item of logChunks(api, input, signal)) await printChunk(out, item, settings)
}

function inWords({ name, state, reason, progress, node, devices, attempt }: Workload): string {
  const again = attempt > 1 ? ` (attempt ${attempt})` : ''
  switch (state) {
    case 'pending':
      return reason === null ? `${name} waits for its turn` : `${name} waits: ${reason}`
    case 'starting':
      return `${name} starts on ${node ?? 'a node'}${again}${progress === null ? '' : `: ${progress}`}`
    case 'running':
      return `${name} runs on ${node ?? 'a node'}${again}${devices.length === 0 ? '' : ` with ${devices.length} GPU(s)`}`
    case 'stopping':
      return `${name} is stopping`
    case 'completed':
    case 'failed':
    case 'stopped':
      return ''
  }
}

const known: Readonly<Record<string, { readonly kind: FailureKind; readonly hint: string }>> = failures
const kindOf = (code: string): FailureKind => known[code]?.kind ?? 'internal'
const hintOf = (code: string): string => known[code]?.hint ?? 'See `clawbernetes workload info`.'
