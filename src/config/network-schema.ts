/** Settings of this host's part in the overlay. */
import { z } from 'zod'
import { Tailscale } from './tailscale-schema.ts'

const text = z.string()
const endpoint = text.regex(
  /^(\[[0-9a-fA-F:]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(:\d{1,5})?$/,
  'must be HOST or HOST:PORT',
)

export const Network = z
  .strictObject({
    provider: z
      .enum(['auto', 'wireguard', 'tailscale', 'none'])
      .default('auto')
      .describe(
        'How this host is reached besides: by the overlay of the mesh, once there is one (auto is wireguard), or by a tailnet instead',
      ),
    wireguard: z
      .strictObject({
        listenPort: z
          .int()
          .min(1)
          .max(65_534)
          .default(51_820)
          .describe('UDP port; while keys are rotated also the next'),
        interfacePrefix: text
          .regex(/^[a-z][a-z0-9-]{0,12}$/, 'must be a-z, 0-9 and -, at most 13 of them')
          .default('claw')
          .describe('What the names of the interfaces begin with, such as claw for claw0 and claw1'),
        endpoints: z
          .array(endpoint)
          .max(8)
          .default([])
          .describe('Where other hosts reach this one, HOST or HOST:PORT, before what is found out'),
        privateKeyPath: text
          .optional()
          .describe('File with the private key to use; the node makes its own if left out'),
        mtu: z.int().min(1_280).max(65_455).optional().describe('Of packets inside the overlay; found out if left out'),
        manage: z
          .boolean()
          .default(true)
          .describe('Set the interfaces up where the daemon may; otherwise only files for wg-quick are written'),
        stay: z.boolean().default(false).describe('Leave the interfaces when the daemon stops'),
      })
      .prefault({}),
    tailscale: Tailscale,
    dns: z
      .strictObject({
        enabled: z
          .boolean()
          .default(true)
          .describe('Answer for names of the mesh such as web.default.claw, at the address in the overlay'),
        listen: z
          .array(text.regex(/^(\[[0-9a-fA-F:]+\]|[\d.]+):\d{1,5}$/, 'must be ADDRESS:PORT'))
          .max(8)
          .default([])
          .describe('Where names are answered besides, such as 127.0.0.1:5353'),
        forward: z.boolean().default(true).describe('Pass questions for other names on'),
        upstreams: z
          .array(text.regex(/^(\[[0-9a-fA-F:]+\]|[\d.]+)(:\d{1,5})?$/, 'must be ADDRESS or ADDRESS:PORT'))
          .max(3)
          .default([])
          .describe('Whom other names are asked of; the resolvers of the host if left out'),
      })
      .prefault({}),
  })
  .prefault({})
