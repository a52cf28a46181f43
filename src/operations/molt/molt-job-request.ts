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
import type { OperationContext } from '../context.ts'

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })
const mib = (text: string | undefined): number | null => (text === undefined ? null : parseMemoryMib(text))

/** Throws INVALID_REQUEST for an image without a digest that this node does not have from a registry. */
export async function wishOf(
  request: MoltWish,
  preferences: BuyingPreferences,
  { images }: Pick<OperationContext, 'images'>,
  signal: AbortSignal,
): Promise<Wish> {
  const buying = buyingOf(preferences)
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
    image: { name: repositoryOf(request.image), digest: await digestOf(request.image, images, signal) },
    ...dataOf(request),
  }
}

const mebibyte = 1_048_576
const usualOutputs = 1_024

/** Nothing where nothing is sent, and nothing comes back: providers of any version understand that. */
function dataOf({ outputs, outputSize }: Pick<MoltWish, 'outputs' | 'outputSize'>): Pick<Wish, 'data'> {
  if (outputs.length === 0) return {}
  return { data: { inputs: 0, outputs: (mib(outputSize) ?? usualOutputs) * mebibyte, image: 0 } }
}

/** A tag means something else tomorrow, and everybody has to know what is agreed on. */
async function digestOf(image: string, images: OperationContext['images'], signal: AbortSignal): Promise<string> {
  const { digest } = parseReference(image)
  const given = digest ?? (await known(image, images, signal))
  if (given !== null && imageDigest.safeParse(given).success) return given
  throw invalid(
    `strangers are told which image by its digest, and this node has none for ${canonicalReference(image)}: ` +
      'write NAME@sha256:…, or have the node pull it from its registry with `clawbernetes image pull`',
  )
}

async function known(image: string, images: OperationContext['images'], signal: AbortSignal): Promise<string | null> {
  const found = (await images?.find(image, signal)) ?? null
  const named = found?.digests.find((one) => repositoryOf(one) === repositoryOf(image))
  return named === undefined ? null : parseReference(named).digest
}

/** Throws INVALID_REQUEST for what no provider would run. */
export function workOf(request: MoltJobRequest, { image: { name, digest } }: Pick<Wish, 'image'>): Work {
  const { command, entrypoint, env, workdir, cpu, memory, shmSize, outputs } = request
  const work = Work.safeParse({
    ...{ image: `${name}@${digest}`, command, entrypoint: entrypoint ?? null, env, workdir: workdir ?? null },
    ...(outputs.length > 0 && { outputs }),
    ...{ cpus: cpu ?? null, memoryMib: mib(memory), shmMib: mib(shmSize) },
  } satisfies Work)
  if (work.success) return work.data
  throw invalid(work.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
}

/** That of its image when it has none of its own. */
export const nameOfJob = ({ name, image }: Pick<MoltJobRequest, 'name' | 'image'>): string =>
  name ?? (/[^/]+$/.exec(parseReference(image).repository)?.[0] ?? 'job').slice(0, 63)
