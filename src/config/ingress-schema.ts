/** Settings of what this host takes from outside. */
import { z } from 'zod'

const text = z.string()
const listen = text
  .regex(/^(\[[0-9a-fA-F:]+\]|[0-9.]+):\d{1,5}$/, 'must be an IP address and a port, as in 0.0.0.0:80')
  .refine((value) => Number(/\d+$/.exec(value)?.[0]) <= 65_535, 'must have a port of at most 65535')

export const Ingress = z
  .strictObject({
    listen: listen.optional().describe('Where HTTP is taken for the ingresses of the mesh; nowhere if left out'),
    tlsListen: listen
      .optional()
      .describe(
        'Where HTTPS is taken for them, with the certificates below and those that the mesh has ordered; nowhere if left out',
      ),
    certificates: z
      .record(text, z.strictObject({ cert: text.min(1), key: text.min(1) }))
      .default({})
      .describe(
        'Files with a certificate and its key, PEM, such as app = { cert = "app.pem", key = "app.key" }. Chosen by the names in them; read again when they change',
      ),
    perAddress: z.coerce
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(512)
      .describe('Most connections that one address may have open'),
    acme: z
      .strictObject({
        directory: z
          .url({ protocol: /^https$/ })
          .optional()
          .describe(
            'Where an authority says how certificates are ordered (RFC 8555), such as https://acme-v02.api.letsencrypt.org/directory; this host orders none if left out',
          ),
        contact: z.email().optional().describe('Whom the authority tells of what goes wrong'),
        agree: z.boolean().default(false).describe('You agree to the terms of service of the authority'),
        roots: text
          .min(1)
          .optional()
          .describe(
            'File with the certificates that the authority itself is believed by, PEM; those of the system if left out',
          ),
      })
      .prefault({}),
    bodyRate: z.coerce
      .number()
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(240)
      .describe(
        'Least bytes a second that the body of a request has to come with, over half a minute; 0 for as slowly as one likes',
      ),
  })
  .prefault({})
