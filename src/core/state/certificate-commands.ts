/** The commands on certificates that are ordered. All of them are a node's own. */
import type { Challenge, ShownCertificate, TlsNode } from '../../model/certificate.ts'
import type { NodeId } from '../../model/ids.ts'

interface Own {
  readonly host: string
  readonly node: NodeId
}

export type CertificateCommand =
  /** The node takes requests over TLS: keys of certificates are sealed to it from now on. */
  | ({ readonly type: 'serve-certificates' } & TlsNode)
  | { readonly type: 'leave-certificates'; readonly node: NodeId }
  /** It is the node's turn to order, if it is anybody's. */
  | ({ readonly type: 'order-certificate' } & Own)
  /** What the authority will look for. Of the node whose turn it is, as are the next two. */
  | ({ readonly type: 'answer-certificate' } & Own & Challenge)
  | ({ readonly type: 'keep-certificate' } & Own & Omit<ShownCertificate, 'orderedBy'>)
  | ({ readonly type: 'fail-certificate' } & Own & { readonly problem: string })
  /** Of a node that has the key, for those that have come since. */
  | ({ readonly type: 'share-certificate' } & Own & Pick<ShownCertificate, 'keys'>)
