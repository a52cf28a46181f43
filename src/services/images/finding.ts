/** Asks members whether they have an image. */
import type { Source } from '../../core/images/sources.ts'
import { ClawError } from '../../model/failure.ts'
import { isDigest, parseReference } from '../../model/image.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Rpc } from '../../ports/rpc.ts'
import { findImage } from '../../wire/image.ts'

export interface FindingDeps {
  readonly rpc: Pick<Rpc, 'call'>
  /** Members that run containers and answer, those that are known to have started one of that image first. */
  readonly candidates: (reference: string) => readonly NodeId[]
  /** Only the image with this id will do, whatever members say of others. */
  readonly exactly?: string
}

/** Asked at once, and at most in all: in a large mesh it is better to ask the registry than everybody. */
const atOnce = 16
const mostAsked = 256

/** All who have it among the first of whom somebody has it. Whoever does not answer in time, or is too old to, does not have it. */
export async function askMembers(
  { rpc, candidates, exactly }: FindingDeps,
  { reference, without }: { readonly reference: string; readonly without: ReadonlySet<NodeId> },
  signal: AbortSignal,
): Promise<readonly Source[]> {
  const members = candidates(reference)
    .filter((node) => !without.has(node))
    .slice(0, mostAsked)
  for (let at = 0; at < members.length; at += atOnce) {
    const answers = await Promise.all(
      members.slice(at, at + atOnce).map((node) => askMember(rpc, { node, reference, id: '' }, signal)),
    )
    const found = answers.filter((source) => source !== null && isMeant(source, reference, exactly))
    if (found.length > 0) return found as readonly Source[]
  }
  return []
}

/** Null when it does not have it. */
async function askMember(
  rpc: Pick<Rpc, 'call'>,
  { node, reference, id }: { readonly node: NodeId; readonly reference: string; readonly id: string },
  signal: AbortSignal,
): Promise<Source | null> {
  try {
    const answer = await rpc.call(node, findImage, { reference, id }, signal)
    return answer.id === '' || !isDigest(answer.id) ? null : { node, ...answer }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ClawError)) throw error
    return null
  }
}

/** Who is asked for a digest must name that digest, or have an image that is its own proof. */
function isMeant({ id, digests }: Source, reference: string, exactly: string | undefined): boolean {
  if (exactly !== undefined) return id === exactly
  const { digest } = parseReference(reference)
  return digest === null || id === digest || digests.some((known) => known.endsWith(`@${digest}`))
}
