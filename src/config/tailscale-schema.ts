/** Settings of this host's place in a tailnet. What the words of a key must look like is checked where it is read, so that no message holds it. */
import { z } from 'zod'
import { parseCidr } from '../lib/cidr.ts'

const text = z.string()
/** It becomes part of a line that root's systemd reads. */
const path = text.regex(/^\/\P{Cc}*$/u, 'must be an absolute path, in one line')
/** As Tailscale's own rule for them. */
const tag = text.regex(/^tag:[a-zA-Z][a-zA-Z0-9-]{0,62}$/, 'must be tag: and then letters, digits and -')
const ipv6Range = z.cidrv6()
const range = text.refine(
  (value) => parseCidr(value) !== null || ipv6Range.safeParse(value).success,
  'must be a range such as 10.0.0.0/8',
)

export const Tailscale = z
  .strictObject({
    authKeyEnv: text
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of a variable')
      .default('TS_AUTHKEY')
      .describe('Variable of the environment that holds the key to log in with, if it is set'),
    authKeyFile: path
      .optional()
      .describe('File that holds it instead, which only the daemon’s user may be able to read'),
    authKey: text
      .max(1_024)
      .optional()
      .describe('The key itself; only in a file of settings that nobody else can read'),
    hostnamePrefix: text
      .regex(/^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, 'must be 1 to 32 of A-Z a-z 0-9 -')
      .default('clawnode')
      .describe('What the name of this host in the tailnet begins with, before its name in the mesh'),
    tags: z.array(tag).max(16).default(['tag:clawbernetes']).describe('Tags of this host in the tailnet'),
    loginServer: z
      .url({ protocol: /^https?$/ })
      .max(512)
      .optional()
      .describe('Another server than Tailscale’s own, such as https://headscale.example.org'),
    exitNode: text
      .regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/, 'must be an IP address, the name of a machine, or auto:any')
      .optional()
      .describe('Machine of the tailnet by which this host reaches the internet'),
    acceptRoutes: z.boolean().default(false).describe('Take the routes that other machines offer'),
    acceptDns: z.boolean().default(true).describe('Take the resolvers that the tailnet wants'),
    advertiseRoutes: z.array(range).max(64).default([]).describe('Ranges behind this host that it offers to others'),
    ephemeral: z
      .boolean()
      .default(false)
      .describe('Have the machine go from the tailnet when it is gone, where the key is the secret of an OAuth client'),
    tailnet: text.min(1).max(256).optional().describe('Name of the tailnet that it has to be; any if left out'),
    meshCidr: text
      .refine((value) => parseCidr(value) !== null, 'must be a range such as 100.64.0.0/10')
      .optional()
      .describe('Only addresses of the tailnet in this range are told other members'),
    services: z
      .record(
        text.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a label of DNS'),
        z.strictObject({
          port: z.int().min(1).max(65_535),
          protocol: z.enum(['tcp', 'http', 'https']).default('tcp'),
          target: z.int().min(1).max(65_535).optional(),
        }),
      )
      .default({})
      .describe(
        'Services of the tailnet by name, such as gateway = { port = 443, target = 8080 }: for the policy, and for commands that are only shown',
      ),
    socket: path.optional().describe('Socket of tailscaled; /var/run/tailscale/tailscaled.sock if left out'),
    manage: z
      .boolean()
      .default(true)
      .describe('Bring the tailnet up where the daemon may; otherwise only look at how it is'),
  })
  .prefault({})
