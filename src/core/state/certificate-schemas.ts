/** Certificates that are ordered, and the commands on them, as they stand in the log and in snapshots. */
import { z } from 'zod'
import type { HostCertificate } from '../../model/certificate.ts'
import { ingressHost } from '../../model/ingress.ts'
import type { NodeId } from '../../model/ids.ts'
import * as shape from './schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'

const type = <T extends string>(name: T): { readonly type: z.ZodLiteral<T> } => ({ type: z.literal(name) })
const node = shape.NodeIdSchema
const own = { host: ingressHost, node }
const chain = z
  .string()
  .max(limits.chainLength)
  .regex(/^(?:-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n*)+$/, 'must be certificates')
const keysOf = (most: number) =>
  z
    .record(z.string(), shape.opaque)
    .refine((record) => Object.keys(record).length <= most, `at most ${most} nodes`)
    .transform((record) => record as Readonly<Record<NodeId, string>>)
/** Of one command. */
const keys = keysOf(limits.tlsNodes)
/** As calendars can say it: beyond, no date is one. */
const date = shape.instant.max(8.64e15)
/** As authorities make them: they become part of a path, and what is answered there. */
const challenge = {
  token: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/),
  answer: z.string().regex(/^[A-Za-z0-9_.-]{1,512}$/),
}
const problem = z.string().min(1).max(1_024)

/** Of every command in this file. */
export const certificateCommands = [
  z.strictObject({ ...type('serve-certificates'), node, orders: z.boolean() }),
  z.strictObject({ ...type('leave-certificates'), node }),
  z.strictObject({ ...type('order-certificate'), ...own }),
  z.strictObject({ ...type('answer-certificate'), ...own, ...challenge }),
  z
    .strictObject({ ...type('keep-certificate'), ...own, chain, keys, notBefore: date, notAfter: date })
    .refine(({ notBefore, notAfter }) => notBefore < notAfter, 'it must begin before it ends'),
  z.strictObject({ ...type('fail-certificate'), ...own, problem }),
  z.strictObject({ ...type('share-certificate'), ...own, keys }),
] as const

const CertificateSchema = z.strictObject({
  host: ingressHost,
  shown: z
    .strictObject({
      ...{ chain, notBefore: shape.instant, notAfter: shape.instant },
      ...{ keys: keysOf(limits.keyHolders), orderedBy: node },
    })
    .nullable(),
  turn: z
    .strictObject({
      node,
      until: shape.instant,
      challenges: z.array(z.strictObject(challenge)).max(limits.challenges),
    })
    .nullable(),
  failures: shape.count,
  problem: problem.nullable(),
  restUntil: shape.instant,
}) satisfies z.ZodType<HostCertificate>

const TlsNodeSchema = z.strictObject({ node, orders: z.boolean() })

/** As they stand in snapshots: nothing while there is none. */
export const certificateFields = {
  certificates: z.array(CertificateSchema).max(limits.certificates).exactOptional(),
  tlsNodes: z.array(TlsNodeSchema).max(limits.tlsNodes).exactOptional(),
}
type Written = z.infer<z.ZodObject<typeof certificateFields>>

export const writtenCertificates = ({ certificates, tlsNodes }: State): Written => ({
  ...(certificates.size > 0 && {
    certificates: [...certificates.values()] as z.infer<typeof CertificateSchema>[],
  }),
  ...(tlsNodes.size > 0 && { tlsNodes: [...tlsNodes.values()] }),
})

export const readCertificates = ({
  certificates = [],
  tlsNodes = [],
}: Written): Pick<State, 'certificates' | 'tlsNodes'> => ({
  certificates: weighed.certificates(certificates.map((one: HostCertificate) => [one.host, one])),
  tlsNodes: new Map(tlsNodes.map((one) => [one.node, one])),
})
