/** Tells a request that is wrong from one that only an older build finds wrong. */
import { ClawError, isClawError } from '../../../model/failure.ts'
import { compareBuilds } from '../../../model/version.ts'
import type { Api } from './api.ts'

/** What to do when the peer may have refused a request because its build is older than this CLI; null when that is not why. */
export async function hintOnOlderPeer(
  error: unknown,
  {
    api,
    version,
    signal,
  }: { readonly api: Promise<Api> | null; readonly version: string; readonly signal: AbortSignal },
): Promise<string | null> {
  if (api === null || !isOnUnknown(error)) return null
  try {
    const peer = await (await api).call('version', {}, signal)
    if (compareBuilds(peer.version, version) >= 0) return null
    return `${peer.node} runs the older build ${peer.version}, which does not know all that this CLI can ask: upgrade it, or ask another peer.`
  } catch (failure) {
    // The answer that there was is worth more than this one.
    if (isClawError(failure) || signal.aborted) return null
    throw failure
  }
}

const isOnUnknown = (error: unknown): boolean =>
  ClawError.is(error, 'OPERATION_NOT_FOUND') ||
  (ClawError.is(error, 'INVALID_REQUEST') && error.message.includes(': there is no '))
