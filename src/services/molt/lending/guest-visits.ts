/** What the buyer of an agreement has of its work besides: what it prints, and further commands in it. */
import type { Lease } from '../../../core/molt/market/lease.ts'
import { ChunkWriter } from '../../../lib/log-chunk.ts'
import { newline, positionAt } from '../../../lib/log-block.ts'
import { shallowJson } from '../../../lib/nesting.ts'
import { ClawError } from '../../../model/failure.ts'
import type { PlacementId } from '../../../model/ids.ts'
import { type Millis, minute, second } from '../../../model/time.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import type { ExecRequest as Exec, ExecSession } from '../../../ports/exec.ts'
import type { LogPiece } from '../../../ports/log-store.ts'
import { channelOf, ToCommand } from '../../../wire/command-talk.ts'
import type { ExecRequest, LogsItem, LogsRequest } from '../../../wire/molt-lease.ts'
import type { KeptQuery } from '../../logs/log-keeper.ts'
import type { GuestWork } from './guest-work.ts'
import type { LeaseWatch } from './lease-watch.ts'

export interface GuestHost {
  read(placement: PlacementId, query: KeptQuery, signal: AbortSignal): AsyncIterable<LogPiece>
  exec(placement: PlacementId, request: Exec, signal: AbortSignal): Promise<ExecSession>
}

/** Throws LOGS_GONE when nothing of it is kept any more. */
export async function* leaseLogs(
  { host, work, node }: { readonly host: GuestHost; readonly work: GuestWork; readonly node: string },
  lease: Lease,
  { follow, from, tail }: LogsRequest,
  signal: AbortSignal,
): AsyncGenerator<LogsItem> {
  const placement = work.placement(lease)
  if (placement === null) return
  const writer = new ChunkWriter(true)
  let last = from ?? 0
  const taken = (): readonly LogsItem[] => {
    const chunk = writer.take(last)
    if (chunk === null) return []
    const { position, text, kinds, positions = '', times = '' } = chunk
    return [{ position, text, kinds, positions, times, note: null }]
  }
  try {
    for await (const piece of host.read(placement, { follow, from, tail, since: null }, signal)) {
      if (piece.type === 'lines') {
        for (const [start, end] of linesIn(piece.block)) {
          last = positionAt(piece.block, start)
          writer.add(piece.block, start, end)
          if (writer.isFull) yield* taken()
        }
        yield* taken()
      } else if (piece.type === 'dropped')
        yield { position: last, text: '', kinds: '', positions: '', times: '', note: 'older lines were dropped' }
    }
  } catch (error) {
    if (!ClawError.is(error, 'WORKLOAD_NOT_FOUND')) throw error
    // What never ran has printed nothing.
    if (lease.meter.gpuMillis > 0n) throw new ClawError('LOGS_GONE', { workload: placement, node }, { cause: error })
  }
}

function* linesIn(block: Buffer): Generator<readonly [start: number, end: number]> {
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(newline, start)
    if (end < 0) return
    yield [start, end + 1]
    start = end + 1
  }
}

/** Whoever is in work that is held still hears nothing of it: it may go on soon, once the buyer has signed, or it does not. */
const heldPatience: Millis = 30 * second
const runs = (state: Lease['state']): boolean => state === 'running' || state === 'ending'

interface Visit {
  readonly side: Conversation
  readonly watch: LeaseWatch
  readonly signal: AbortSignal
}

/** Throws WORKLOAD_NOT_RUNNING, also when the work has been held still for a while, and EXEC_FAILED. */
export async function leaseExec(
  { host, work }: { readonly host: GuestHost; readonly work: GuestWork },
  lease: Lease,
  { command, workdir, env, stdin, terminal }: ExecRequest,
  { side, watch, signal }: Visit,
): Promise<void> {
  const placement = work.placement(lease)
  // Work that is held still would never answer.
  if (placement === null || !runs(lease.state))
    throw new ClawError('WORKLOAD_NOT_RUNNING', { workload: placement ?? lease.key, state: lease.state })
  const off = new AbortController()
  const asked = { command, workdir, env, stdin, terminal }
  const failed = Promise.withResolvers<never>()
  const until = AbortSignal.any([signal, off.signal])
  const held = heldTooLong(placement, watch, until)
  held.catch(failed.reject)
  failed.promise.catch(() => 'whoever is in it hears of it')
  try {
    const session = await Promise.race([host.exec(placement, asked, until), failed.promise])
    await say(side, { type: 'started' })
    for (const pass of [passInput(session, side), obey(session, side)]) pass.catch(failed.reject)
    await Promise.race([passOutput(session, side), failed.promise])
  } finally {
    off.abort()
  }
}

/** Ends when the work has stood still for too long, or is over and nobody has said so. Throws WORKLOAD_NOT_RUNNING, and the signal's reason. */
async function heldTooLong(workload: PlacementId, watch: LeaseWatch, signal: AbortSignal): Promise<never> {
  for (let since: Millis | null = null; ;) {
    const [seen, state, now] = [watch.version(), watch.state(), watch.clock.elapsed()]
    since = runs(state) ? null : (since ?? now)
    if (since !== null && now - since >= heldPatience) throw new ClawError('WORKLOAD_NOT_RUNNING', { workload, state })
    await watch.news(seen, since === null ? minute : since + heldPatience - now, signal)
  }
}

const say = (side: Conversation, message: object): Promise<void> => side.tell(Buffer.from(JSON.stringify(message)))

async function passOutput(session: ExecSession, side: Conversation): Promise<void> {
  for await (const { stream, data } of session.output) await side.send(channelOf[stream], data)
  await say(side, { type: 'exit', exitCode: await session.exitCode() })
}

async function passInput(session: ExecSession, { chunks }: Conversation): Promise<void> {
  for await (const { channel, data } of chunks) {
    if (channel !== channelOf.stdin) continue
    if (data.length === 0) session.endInput()
    else await session.write(data)
  }
}

async function obey(session: ExecSession, { messages }: Conversation): Promise<void> {
  for await (const bytes of messages) {
    const message = ToCommand.safeParse(jsonIn(bytes))
    if (!message.success) throw new ClawError('INVALID_REQUEST', { problem: 'there is no such message' })
    if (message.data.type === 'signal') await session.signal(message.data.signal)
    else await session.resize(message.data)
  }
}

function jsonIn(message: Uint8Array): unknown {
  try {
    return shallowJson(Buffer.from(message).toString('utf8'))
  } catch (cause) {
    throw new ClawError('INVALID_REQUEST', { problem: 'a message is not JSON' }, { cause })
  }
}
