/** Having strangers run work: what is asked for, the plan that is agreed to, and staying with it to its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawError, isClawError } from '../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../operations/registry.ts'
import { confirm } from '../confirm.ts'
import { cancelled, exitCodeOf, interrupted } from '../exit-code.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import { endInWords, type MoltJob, planOf, progressOf } from '../show/buying-words.ts'
import { foundInWords } from '../show/round-words.ts'
import { withInputs } from './molt-inputs.ts'
import { reopened } from './follow.ts'

export type MoltRequest = Omit<InputOf<'molt.request'>, 'quote'>

export interface Manner {
  readonly yes: boolean
  readonly 'dry-run': boolean
  readonly detach: boolean
}

/** Asks for bids, shows what would be taken, and submits it when that is wanted. Returns the exit code. */
export async function requestOfStrangers(
  asked: MoltRequest,
  { yes, 'dry-run': isDry, detach }: Manner,
  session: Session,
): Promise<number | undefined> {
  const { out, signal } = session
  const api = await session.api()
  const use = async (inputs: MoltRequest['inputs']): Promise<OutputOf<'molt.request'> | null> => {
    const request = { ...asked, inputs }
    if (!isDry) return agreedJob(api, request, { ...session, yes })
    await out.result(await api.call('molt.quote', wishIn(request), signal), planOf)
    return null
  }
  const job = await withInputs(api, { ...asked, use }, session)
  if (job === null) return undefined
  if (detach) {
    await out.result(job, ({ id }) => [id])
    return undefined
  }
  out.note(`${job.name} (${job.id}) is submitted`)
  return attendJob(api, job, session)
}

type Quote = OutputOf<'molt.quote'>

/** Bids hold for a minute, and whoever thinks for longer is shown new ones: so often, as they may never be taken. */
const mostPlans = 3

/** Submits what was said yes to, and nothing else. */
async function agreedJob(
  api: Api,
  request: MoltRequest,
  session: Session & { readonly yes: boolean },
): Promise<OutputOf<'molt.request'>> {
  for (let plans = 1; ; plans += 1) {
    const quote = await quoteFor(api, request, session)
    if (quote.bids.length === 0) throw new ClawError('MOLT_NO_BIDS', { found: foundInWords(quote.found) })
    await confirm(planOf(quote), session)
    try {
      return await api.call('molt.request', { ...request, quote: quote.quote }, session.signal)
    } catch (error) {
      if (plans === mostPlans || !ClawError.is(error, 'MOLT_QUOTE_GONE')) throw error
      session.out.note('none of these bids holds any more; asking for new ones …')
    }
  }
}

/** A GPU that a guest has just left is looked at before it is lent again, which takes some seconds. */
const quotePatience = 8_000
const quotePause = 500

async function quoteFor(
  api: Api,
  request: MoltRequest,
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<Quote> {
  const until = performance.now() + quotePatience
  for (let isFirst = true; ; isFirst = false) {
    const quote = await api.call('molt.quote', wishIn(request), signal)
    if (quote.bids.length > 0 || !mayChangeSoon(quote.found, isFirst) || performance.now() >= until) return quote
    if (isFirst) out.note(`${foundInWords(quote.found)}; asking again for a moment …`)
    await sleep(quotePause, undefined, { signal })
  }
}

/** Where only the buyer lends nobody else comes soon, unless somebody was just there. */
const mayChangeSoon = ({ offers, reasons }: Quote['found'], isFirst: boolean): boolean =>
  ['capacity', 'concurrency', 'no answer'].some((reason) => Object.hasOwn(reasons, reason)) ||
  (offers === 0 && Object.keys(reasons).every((reason) => reason === 'own' && !isFirst))

/** What a quote is asked for: nothing of what is run but its image. */
function wishIn(request: MoltRequest): InputOf<'molt.quote'> {
  const { image, gpus, gpuType, gpuMemory, duration, maxPrice } = request
  const { strategy, minReputation, minVerification, verify, isolation, prefer, region, node } = request
  const { inputs, outputs, outputSize } = request
  return {
    ...{ image, gpus, gpuType, gpuMemory, duration, maxPrice, inputs, outputs, outputSize },
    ...{ strategy, minReputation, minVerification, verify, isolation, prefer, region, node },
  }
}

/** Returns the exit code of the work, or one that says why it has none; 130 when the user let go of it. */
export async function attendJob(
  api: Api,
  { id, name }: Pick<MoltJob, 'id' | 'name'>,
  session: Pick<Session, 'out' | 'signal'>,
): Promise<number> {
  const { out, signal } = session
  const letGo = (): void => {
    out.note(`\n${name} goes on, and costs on.`)
    out.note(`Come back to it:  clawbernetes molt logs -f ${id}`)
    out.note(`End it:           clawbernetes molt cancel ${id}`)
  }
  signal.addEventListener('abort', letGo, { once: true })
  try {
    const [last] = await Promise.all([jobStates(api, id, session), jobOutput(api, id, session)])
    if (out.isForMachines) await out.item(last, '')
    else out.note(endInWords(last))
    if (last.state === 'closing' && last.backBy !== null)
      out.note(`Its provider does not answer. What is not paid comes back by ${last.backBy} at the latest`)
    return endOf(last)
  } catch (error) {
    if (signal.aborted) return interrupted
    throw error
  } finally {
    signal.removeEventListener('abort', letGo)
  }
}

/** Both sign what it costs within moments, or one of them is away, and nobody waits for that. */
const closingPatience = 60_000

async function jobStates(api: Api, job: string, { out, signal }: Pick<Session, 'out' | 'signal'>): Promise<MoltJob> {
  const enough = new AbortController()
  const until = AbortSignal.any([signal, enough.signal])
  let told = ''
  let [last, timer]: [MoltJob | null, NodeJS.Timeout | null] = [null, null]
  try {
    for await (const state of reopened(api, () => api.stream('moltjob.follow', { job }, until), until)) {
      const text = progressOf(state)
      if (text !== '' && text !== told) out.note((told = text))
      last = state
      if (state.state === 'closing') timer ??= setTimeout(() => enough.abort(), closingPatience)
      else if (timer !== null) {
        clearTimeout(timer)
        timer = null
      }
    }
  } catch (error) {
    if (signal.aborted || !enough.signal.aborted) throw error
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
  if (last === null) throw new Error(`the states of ${job} ended before they began`)
  return last
}

type Line = OutputOf<'moltjob.logs'>

/** All that it prints, once. What cannot be read is no reason to let go of the job. */
async function jobOutput(api: Api, job: string, { out, signal }: Pick<Session, 'out' | 'signal'>): Promise<void> {
  try {
    for await (const line of moltLines(api, { job, follow: true }, signal)) await printLine(out, line)
  } catch (error) {
    if (signal.aborted || !isClawError(error)) throw error
    out.note(`its output cannot be read: ${error.message}`)
  }
}

/** Lines without gap or repeat, on through losses of the connection. */
export async function* moltLines(api: Api, input: InputOf<'moltjob.logs'>, signal: AbortSignal): AsyncIterable<Line> {
  let seen = { attempt: 0, position: -1 }
  const open = (): AsyncIterable<Line> => api.stream('moltjob.logs', input, signal)
  for await (const line of input.follow === true ? reopened(api, open, signal) : open()) {
    const isNew = line.attempt > seen.attempt || (line.attempt === seen.attempt && line.position > seen.position)
    if (line.stream !== 'note') {
      if (!isNew) continue
      seen = line
    }
    yield line
  }
}

export async function printLine(out: Session['out'], line: Line, timestamps = false): Promise<void> {
  if (out.isForMachines) await out.item(line, '')
  else if (line.stream === 'note') out.note(line.text)
  else await out.text(`${timestamps ? `${line.at ?? ''} ` : ''}${line.text}\n`, line.stream)
}

function endOf({ state, why, work, check }: MoltJob): number {
  const exitCode = work?.exitCode ?? null
  if (check?.verdict === 'different') return 1
  if (why === 'cancelled') return cancelled
  if (exitCode !== null && (state === 'completed' || why === 'completed' || why === 'failed')) return exitCode
  if (state === 'completed' || why === 'completed') return 0
  return why === 'no-bids' ? exitCodeOf({ code: 'MOLT_NO_BIDS', kind: 'capacity' }) : 1
}
