/** Whoever makes certificates that browsers believe, once it has seen that a host is ours. */
import type { Instant } from '../model/time.ts'

export interface OrderedCertificate {
  /** PEM, that of the host first. */
  readonly chain: string
  /** PEM. Goes into no log. */
  readonly key: string
  readonly notBefore: Instant
  readonly notAfter: Instant
}

export interface CertificateAuthority {
  /**
   * Orders one for the host, with a key of its own. `answer` is given what the authority will look for at the host over HTTP, under
   * /.well-known/acme-challenge/TOKEN, and returns when it can be found there. Throws CERTIFICATE_FAILED with what the authority said.
   */
  order(
    host: string,
    answer: (token: string, said: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<OrderedCertificate>
}
