/** Connections by TLS to a peer that is known by its certificate’s fingerprint, or by what this host trusts anyway. Nothing is sent before that is sure. */
import { connect, type TLSSocket } from 'node:tls'
import { fingerprintOf } from '../../../lib/fingerprint.ts'
import { ClawError } from '../../../model/failure.ts'

export interface SecureTarget {
  readonly url: URL
  /** Null: the certificate has to be one that this host trusts. */
  readonly fingerprint: string | null
  /** In milliseconds. */
  readonly timeout: number
}

/** Throws CERTIFICATE_UNKNOWN and CERTIFICATE_CHANGED, and what the system says where there is no connection. */
export async function secureSocket(
  { url, fingerprint, timeout }: SecureTarget,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const socket = await opened(url, timeout, signal)
  const shown = fingerprintOf(socket.getPeerCertificate(false).raw)
  if (fingerprint === null ? socket.authorized : shown === fingerprint) return socket
  socket.destroy()
  const address = url.origin
  throw fingerprint === null
    ? new ClawError('CERTIFICATE_UNKNOWN', { address, fingerprint: shown })
    : new ClawError('CERTIFICATE_CHANGED', { address, known: fingerprint, shown })
}

export interface ShownCertificate {
  readonly fingerprint: string
  /** This host trusts it anyway. */
  readonly isTrusted: boolean
}

/** What the peer shows, whoever it is. */
export async function certificateAt(url: URL, timeout: number, signal: AbortSignal): Promise<ShownCertificate> {
  const socket = await opened(url, timeout, signal)
  const { raw } = socket.getPeerCertificate(false)
  socket.destroy()
  return { fingerprint: fingerprintOf(raw), isTrusted: socket.authorized }
}

function opened({ hostname, port }: URL, timeout: number, signal: AbortSignal): Promise<TLSSocket> {
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    // Whether it can be trusted is looked at when it is there: a certificate of the host's own is vouched for by nobody.
    const options = { host, port: port === '' ? 443 : Number(port), rejectUnauthorized: false, timeout }
    const socket = connect({ ...options, ...(/^[\d.:a-f]+$/i.test(host) ? {} : { servername: host }) })
    const failed = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const onAbort = (): void => failed(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    socket.once('error', failed)
    socket.once('timeout', () => failed(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })))
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('error', failed)
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}
