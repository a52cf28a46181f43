/** Sends what is to go with a job to the node that buys, which sends it on to whoever runs the job. */
import { randomUUID } from 'node:crypto'
import { ClawError } from '../../../model/failure.ts'
import type { InputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import type { Api } from '../peer/api.ts'
import { pack } from './pack.ts'
import { bytesInWords } from './volume-words.ts'

type Inputs = NonNullable<InputOf<'molt.request'>['inputs']>

/** `./data:/in` */
export function inputsIn(texts: readonly string[]): Inputs {
  return texts.map((text) => {
    const [, from = '', to = ''] = /^(.+):(\/[^:]*)$/.exec(text) ?? []
    if (from === '') throw new ClawError('INVALID_REQUEST', { problem: `--input ${text} is not like ./data:/in` })
    return { from, to }
  })
}

/** Bytes of a part: with base64 around it, it stays below the largest message. */
const partBytes = 480_000
/** Between two words on how far it is. */
const everyBytes = 64 * 1_048_576

interface Sending<Job> {
  readonly inputs?: Inputs | undefined
  readonly node?: string | undefined
  /** Is given the same, with what they are called there. Null when no job came of it. */
  readonly use: (sent: Inputs) => Promise<Job | null>
}

/**
 * Sends them first, as providers are asked by how much goes with the job, and their bids do not hold for as long as sending may take. Where no job
 * comes of it, it says what is left of them.
 */
export async function withInputs<Job>(
  api: Api,
  { inputs = [], node, use }: Sending<Job>,
  session: Pick<Session, 'out' | 'signal'>,
): Promise<Job | null> {
  const sent: { from: string; to: string }[] = []
  let job: Job | null = null
  try {
    for (const { from, to } of inputs) sent.push({ to, from: await sendOne(api, { from, node }, session) })
    job = await use(sent)
    return job
  } finally {
    if (job === null && sent.length > 0) session.out.note(leftInWords(inputs.slice(0, sent.length)))
  }
}

const leftInWords = (sent: Inputs): string =>
  `the node that buys has ${sent.map(({ from }) => from).join(', ')} unless a job has taken it: ` +
  'it keeps that for an hour, and wipes it then with the next that is sent there, or when it starts again'

async function sendOne(
  api: Api,
  { from, node }: { readonly from: string; readonly node: string | undefined },
  { out, signal }: Pick<Session, 'out' | 'signal'>,
): Promise<string> {
  const upload = randomUUID()
  let [offset, told] = [0, 0]
  for await (const part of inParts(pack(from, signal))) {
    await api.call('moltjob.upload', { node, upload, offset, data: part.toString('base64') }, signal)
    offset += part.length
    if (offset - told >= everyBytes) out.note(`${from}: ${bytesInWords((told = offset))} so far`)
  }
  const { bytes } = await api.call('moltjob.keep', { node, upload }, signal)
  out.note(`${from}: ${bytesInWords(bytes)} are ready to be sent`)
  return upload
}

/** Small files would make small parts. */
async function* inParts(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const chunk of archive) {
    waiting.push(chunk)
    length += chunk.length
    if (length < partBytes) continue
    const all = Buffer.concat(waiting)
    const whole = all.length - (all.length % partBytes)
    for (let at = 0; at < whole; at += partBytes) yield all.subarray(at, at + partBytes)
    waiting = [all.subarray(whole)]
    length = all.length - whole
  }
  if (length > 0) yield Buffer.concat(waiting)
}
