/** Getting to know the certificates of peers, as ssh does it: shown once, compared by somebody, then kept. */
import { ClawError } from '../../../model/failure.ts'
import { canAsk, confirm } from '../confirm.ts'
import type { Session } from '../line/command.ts'
import type { Address } from './address.ts'
import { certificateAt } from './secure-socket.ts'

const patience = 5_000

/**
 * The fingerprints by which peers with https addresses are to be known; none for those that this host trusts anyway.
 * Throws CERTIFICATE_UNKNOWN where there is nobody to ask, and CERTIFICATE_CHANGED for another one than was expected.
 */
export async function pinned(
  peers: readonly Address[],
  expected: readonly string[],
  session: Pick<Session, 'host' | 'out' | 'signal'>,
): Promise<Readonly<Record<string, string>>> {
  for (const one of expected)
    if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(one))
      throw new ClawError('INVALID_REQUEST', {
        problem: `${one.slice(0, 64)} is no fingerprint: it begins with SHA256:`,
      })
  const secure = peers.flatMap((peer) => (peer.kind === 'url' && peer.url.protocol === 'https:' ? [peer.url] : []))
  if (expected.length > 0 && expected.length !== secure.length)
    throw new ClawError('INVALID_REQUEST', { problem: 'say one --fingerprint for each https address, in their order' })
  const found: Record<string, string> = {}
  for (const [at, url] of secure.entries()) {
    const known = expected[at]
    // Said beforehand, it is compared whenever something is asked there.
    const fingerprint = known ?? (await shownBy(url, session))
    if (fingerprint !== null) found[url.origin] = fingerprint
  }
  return found
}

async function shownBy(url: URL, session: Pick<Session, 'host' | 'out' | 'signal'>): Promise<string | null> {
  const { fingerprint, isTrusted } = await certificateAt(url, patience, session.signal).catch((error: unknown) => {
    if (session.signal.aborted) throw error
    throw new ClawError('ECONNREFUSED', { address: url.origin }, { cause: error })
  })
  if (isTrusted) return null
  if (!canAsk(session)) throw new ClawError('CERTIFICATE_UNKNOWN', { address: url.origin, fingerprint })
  await confirm(
    [
      `${url.origin} shows a certificate that nothing here vouches for:`,
      `  ${fingerprint}`,
      'Compare it with what the daemon there has logged at its start.',
    ],
    { ...session, yes: false },
  )
  return fingerprint
}
