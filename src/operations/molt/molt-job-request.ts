/** From what somebody asks for to what is asked of providers, and to what they are told to run. */
import { firstShare } from '../../core/molt/market/re-execution.ts'
import { buyingOf } from '../../core/molt/market/preferences.ts'
import { parseDuration, parseMemoryMib } from '../../lib/units.ts'
import { parseMolt } from '../../model/amount.ts'
import { ClawError } from '../../model/failure.ts'
import { canonicalReference, parseReference, repositoryOf } from '../../model/image.ts'
import type { MoltJobRequest, MoltWish } from '../../model/molt-job-request.ts'
import type { BuyingPreferences } from '../../model/molt-preferences.ts'
import { imageDigest } from '../../model/molt-want.ts'
import { Work } from '../../model/molt-work.ts'
import type { Wish } from '../../services/molt/buying/buying.ts'
import type { JobInputs } from '../../services/molt/buying/job-inputs.ts'
import type { OperationContext } from '../context.ts'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
const mib = (text: string | undefined): number | null => (text === undefined ? null : parseMemoryMib(text))

/** Throws INVALID_REQUEST for an image without a digest that this node does not have. */
export async function wishOf(
  request: MoltWish,
  preferences: BuyingPreferences,
  { images, sent }: Pick<OperationContext, 'images'> & Sent,
  signal: AbortSignal,
): Promise<Wish> {
  const buying = buyingOf(preferences)
  const image = await imageOf(request.image, images, signal)
  const [duration, maxTotal] = [parseDuration(request.duration), parseMolt(request.maxPrice)]
  if (duration === null || maxTotal === null) throw invalid('the duration or the price cannot be read')
  return {
    ...{ gpus: request.gpus, model: request.gpuType ?? null, memoryMib: mib(request.gpuMemory) ?? 0 },
    // What is paid for both runs has to do for either.
    ...{ duration, maxTotal: request.verify === undefined ? maxTotal : firstShare(maxTotal) },
    minReputation: request.minReputation ?? buying.minReputation,
    isolation: [...new Set(request.isolation ?? buying.isolation)],
    preferred: [...new Set([...(request.prefer ?? []), ...buying.prefer])].slice(0, 32),
    arbiters: [...buying.arbiters],
    ...{
      region: request.region ?? null,
      minVerification: request.minVerification ?? 'self-reported',
      strategy: request.strategy,
    },
    image: { name: repositoryOf(request.image), digest: image.digest },
    ...dataOf(request, sent, image.bytes),
  }
}

/** What was sent to this node for jobs that are not there yet. */
interface Sent {
  readonly sent: Pick<JobInputs, 'find'>
}

const mebibyte = 1_048_576
const usualOutputs = 1_024

/** Nothing where nothing is sent, and nothing comes back: providers of any version understand that. */
function dataOf(
  { inputs: folders, outputs: left, outputSize }: MoltWish,
  sent: Sent['sent'],
  image: number,
): Pick<Wish, 'data'> {
  const inputs = folders.reduce((sum, { from }) => sum + sent.find(from).bytes, 0)
  const outputs = left.length === 0 ? 0 : (mib(outputSize) ?? usualOutputs) * mebibyte
  return inputs + outputs + image === 0 ? {} : { data: { inputs, outputs, image } }
}

interface Pinned {
  readonly digest: string
  /** Of what this node sends; 0 where a registry has it. */
  readonly bytes: number
}

/** A tag means something else tomorrow, and everybody has to know what is agreed on. What no registry has is known by its own id, and sent. */
async function imageOf(image: string, images: OperationContext['images'], signal: AbortSignal): Promise<Pinned> {
  const { digest } = parseReference(image)
  const found = (await images?.find(digest ?? image, signal)) ?? (await images?.find(image, signal)) ?? null
  const named = found?.digests.find((one) => repositoryOf(one) === repositoryOf(image))
  const registered = named === undefined ? null : parseReference(named).digest
  const own = found === null ? null : { digest: found.id, bytes: found.sizeBytes }
  const given = digest ?? registered
  if (own !== null && (given === null || given === own.digest) && imageDigest.safeParse(own.digest).success) return own
  if (given !== null && imageDigest.safeParse(given).success) return { digest: given, bytes: 0 }
  throw invalid(
    `strangers are told which image by its digest, and this node does not have ${canonicalReference(image)}: ` +
      'write NAME@sha256:…, or have the node pull it from its registry with `clawbernetes image pull`',
  )
}

/** Throws INVALID_REQUEST for what no provider would run. */
export function workOf(
  request: MoltJobRequest,
  { image: { name, digest } }: Pick<Wish, 'image'>,
  { sent }: Sent,
): Work {
  const inputs = request.inputs.map(({ from, to }) => ({ to, ...sent.find(from) }))
  const { command, entrypoint, env, workdir, cpu, memory, shmSize, outputs } = request
  const work = Work.safeParse({
    ...{ image: `${name}@${digest}`, command, entrypoint: entrypoint ?? null, env, workdir: workdir ?? null },
    ...(inputs.length > 0 && { inputs }),
    ...(outputs.length > 0 && { outputs }),
    ...{ cpus: cpu ?? null, memoryMib: mib(memory), shmMib: mib(shmSize) },
  } satisfies Work)
  if (work.success) return work.data
  throw invalid(work.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
}

/** That of its image when it has none of its own. */
export const nameOfJob = ({ name, image }: Pick<MoltJobRequest, 'name' | 'image'>): string =>
  name ?? (/[^/]+$/.exec(parseReference(image).repository)?.[0] ?? 'job').slice(0, 63)
