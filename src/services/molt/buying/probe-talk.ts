/** Asks a program in a lease: one line there, one line back. It is a stranger's, whatever it was called. */
import type { Challenge, Told } from '../../../core/molt/market/challenge.ts'
import { seedsOf } from '../../../core/molt/market/challenge.ts'
import type { Millis } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Conversation } from '../../../ports/conversation.ts'
import { channelOf } from '../../../wire/command-talk.ts'

/** `unclear`: it could not be asked, or broke off. `bad`: it has said something else. */
export type Asked =
  { readonly type: 'told'; readonly told: Told } | { readonly type: 'unclear' | 'bad'; readonly why: string }

const mostLine = 256

/** Throws what the conversation throws, and its signal's reason. */
export async function askProgram(
  clock: Pick<Clock, 'elapsed'>,
  challenge: Challenge,
  side: Conversation,
): Promise<Asked> {
  const seeds = seedsOf(challenge)
  const lines = linesOf(side)
  const ask = async (line: string): Promise<{ readonly line: string | null; readonly took: Millis }> => {
    const begun = clock.elapsed()
    await side.send(channelOf.stdin, Buffer.from(`${line}\n`))
    const next = await lines.next()
    return { line: next.done === true ? null : next.value, took: clock.elapsed() - begun }
  }
  const fill = await ask(`fill ${seeds.fill} ${challenge.lanes}`)
  if (fill.line === null) return { type: 'unclear', why: 'the program ended before it had filled the memory' }
  if (fill.line !== `filled ${challenge.lanes}`) return { type: 'bad', why: `it said “${fill.line}”` }
  const walk = await ask(`walk ${seeds.walk} ${challenge.steps}`)
  if (walk.line === null) return { type: 'unclear', why: 'the program ended before it had answered' }
  const [, answer] = /^answer ([0-9a-f]{64})$/.exec(walk.line) ?? []
  if (answer === undefined) return { type: 'bad', why: `it said “${walk.line}”` }
  return { type: 'told', told: { answer, filledIn: fill.took, walkedIn: walk.took } }
}

/** Without what is not printable: people read it. */
async function* linesOf({ chunks }: Conversation): AsyncGenerator<string> {
  let rest = ''
  for await (const { channel, data } of chunks) {
    if (channel !== channelOf.stdout) continue
    rest += Buffer.from(data).toString('latin1')
    for (let end = rest.indexOf('\n'); end >= 0 || rest.length > mostLine; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end < 0 ? mostLine : Math.min(end, mostLine))
      rest = end < 0 ? '' : rest.slice(end + 1)
      yield line.replace(/[^\x20-\x7e]/g, '?')
    }
  }
}
