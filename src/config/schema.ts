/** Every setting, once: its type, its default, and the line that the reference shows for it. */
import { z } from 'zod'
import { Ingress } from './ingress-schema.ts'
import { Network } from './network-schema.ts'

const text = z.string()
const multiaddr = text.startsWith('/', 'must be a multiaddr such as /ip4/10.0.0.1/tcp/4710')
const hostPort = text
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/, 'must be HOST:PORT')
  .refine((value) => Number(/\d+$/.exec(value)?.[0]) <= 65_535, 'must have a port of at most 65535')
/** The node name rule of the spec: at most 64 of letters, digits, `_`, `-` and, for host names, `.`. */
export const nodeName = text.regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ - .')

export const Config = z.strictObject({
  dataDir: text.min(1).default('~/.clawbernetes').describe('Where the node keeps its key and its state'),
  node: z
    .strictObject({
      name: nodeName.optional().describe('Name of this node in the mesh; the host name if left out'),
      labels: z.record(text, text).default({}).describe('Labels that workloads can select on'),
    })
    .prefault({}),
  mesh: z
    .strictObject({
      name: nodeName.default('mesh').describe('Name given to a mesh that this node founds'),
      listen: z.array(multiaddr).default(['/ip4/0.0.0.0/tcp/4710']).describe('Multiaddrs to listen on'),
      announce: z.array(multiaddr).default([]).describe('Multiaddrs to tell others instead of the ones found'),
      dialFrom: z
        .union([z.ipv4(), z.ipv6()])
        .optional()
        .describe('Local IP address that connections to other peers come from'),
      peers: z.array(multiaddr).default([]).describe('Multiaddrs of members to connect to at start'),
      mdns: z.boolean().default(true).describe('Find members on the local network by multicast DNS'),
      pskFile: text.optional().describe('File with a pre-shared key that every host of the mesh must have'),
      timing: z.enum(['lan', 'wan']).default('lan').describe('How patient consensus is: one site, or several'),
    })
    .prefault({}),
  molt: z
    .strictObject({
      listen: z
        .array(multiaddr)
        .default(['/ip4/0.0.0.0/tcp/4711'])
        .describe('Multiaddrs where hosts of other meshes reach this one, while it takes part in a MOLT network'),
      announce: z.array(multiaddr).default([]).describe('Multiaddrs to tell them instead of the ones found'),
      peers: z
        .array(multiaddr)
        .default([])
        .describe('Multiaddrs of hosts of the network to connect to besides those that the mesh knows'),
      guestNetwork: z
        .enum(['none', 'bridge'])
        .default('none')
        .describe('What leased work may reach: nothing, or all that this host reaches, on a bridge of its own'),
    })
    .prefault({}),
  nat: z
    .strictObject({
      relays: z.array(multiaddr).default([]).describe('Members that relay for this host when it cannot be dialled'),
      relayServer: z.boolean().default(false).describe('Relay for members that cannot be dialled'),
      holePunching: z.boolean().default(false).describe('Turn relayed connections into direct ones where possible'),
      autonat: z.boolean().default(false).describe('Ask other members whether this host can be dialled'),
    })
    .prefault({}),
  api: z
    .strictObject({
      listen: hostPort.default('127.0.0.1:8080').describe('Where HTTP and WebSocket are served'),
      allowHosts: z.array(text).default([]).describe('Further Host headers to accept'),
      insecureListen: z
        .boolean()
        .default(false)
        .describe('Serve plain HTTP beyond loopback (tokens can be read on the way)'),
      tls: z
        .enum(['auto', 'on', 'off'])
        .default('auto')
        .describe('HTTPS: auto where `listen` is beyond loopback, and wherever there is a certificate'),
      tlsCert: text
        .optional()
        .describe('File with the certificate to show, and those that vouch for it, PEM; one of its own if left out'),
      tlsKey: text.optional().describe('File with its key, PEM'),
      socketGroup: text
        .optional()
        .describe(
          'Group of this host whose members may use the sockets, and so the mesh; only the daemon’s user if left out',
        ),
      socketDir: text
        .optional()
        .describe('Folder of the sockets; the data directory if left out, or /run/clawnode with a socket group'),
      requestsPerSecond: z.coerce
        .number()
        .positive()
        .default(200)
        .describe('Most requests over TCP of one identity, and twice as many of one address'),
    })
    .prefault({}),
  oidc: z
    .strictObject({
      issuer: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('OpenID provider by which people log in with `auth login --oidc`; nobody does if left out'),
      clientId: text.min(1).default('clawbernetes').describe('What the provider calls this mesh'),
      scopes: text.default('openid email profile').describe('What the provider is asked for, with blanks between'),
      userClaim: text.min(1).default('email').describe('The claim that names the user'),
      groupsClaim: text.min(1).default('groups').describe('The claim that lists the groups of the user'),
      roles: z
        .record(text, text)
        .default({})
        .describe(
          'Role of each group, everywhere; "*" is everybody whom the provider knows. Without a role nobody gets in',
        ),
      sessionHours: z.coerce.number().positive().max(720).default(12).describe('How long one stays logged in'),
    })
    .prefault({}),
  service: z
    .strictObject({
      bind: z
        .union([z.ipv4(), z.ipv6()])
        .default('127.0.0.1')
        .describe(
          'Local IP address at which requests to deployments are taken; 0.0.0.0 lets everybody in who reaches it',
        ),
    })
    .prefault({}),
  ingress: Ingress,
  gpu: z
    .strictObject({
      autoDetect: z.boolean().default(true).describe('Look for GPUs with the vendors’ tools'),
      simulate: text.default('').describe('Simulated GPUs, such as 8xH100,4xA100'),
      sharing: z
        .boolean()
        .default(false)
        .describe('Let several workloads share one GPU, each with so much of its memory; no hardware keeps them to it'),
    })
    .prefault({}),
  executor: z
    .strictObject({
      kind: z
        .enum(['auto', 'docker', 'process', 'simulated'])
        .default('auto')
        .describe('What runs workloads; auto takes Docker where an engine answers, else plain processes'),
      dockerHost: text.optional().describe('The Docker Engine: unix:///path or tcp://host:port'),
    })
    .prefault({}),
  containers: z
    .strictObject({
      mounts: z
        .record(text, z.union([text, z.array(text)]))
        .default({ '*': ['/data', '/mnt', '/srv', '/scratch', '/tmp'] })
        .describe(
          'Host paths below which work of a namespace may mount, such as team-a = ["/srv/team-a"]; "*" is for all that are not named',
        ),
      openFiles: z.coerce
        .number()
        .int()
        .min(64)
        .max(1_048_576)
        .default(16_384)
        .describe('Most files that a process in a container may have open'),
      allowUnfiltered: z.boolean().default(false).describe('Run work on an engine that filters no system calls, too'),
      allowUnmappedGuests: z
        .boolean()
        .default(false)
        .describe('Run work of strangers where root in a container is root on this host, too'),
    })
    .prefault({}),
  images: z
    .strictObject({
      share: z
        .boolean()
        .default(true)
        .describe('Take images from other members that have them, and give them to others'),
      transfers: z.int().min(1).max(64).default(4).describe('Most members that get an image from this one at a time'),
      mibPerSecond: z.coerce.number().min(0).default(0).describe('Most that this node gives to others; 0 for no limit'),
      mostGib: z.coerce
        .number()
        .positive()
        .default(128)
        .describe('Largest image to take from a member, its layers unpacked'),
    })
    .prefault({}),
  registry: z
    .strictObject({
      dockerConfig: text
        .optional()
        .describe('Docker’s file with logins and helpers; ~/.docker/config.json of the user of the daemon if left out'),
      logins: z
        .record(
          text,
          z
            .strictObject({ username: text.min(1), password: text.optional(), passwordFile: text.optional() })
            .refine(
              ({ password, passwordFile }) => (password === undefined) !== (passwordFile === undefined),
              'takes a password or a password_file',
            ),
        )
        .default({})
        .describe(
          'User and password by registry, such as "registry.example.com:5000" or "docker.io"; before Docker’s own',
        ),
    })
    .prefault({}),
  logs: z
    .strictObject({
      attemptMib: z
        .int()
        .min(1)
        .default(256)
        .describe('Output that is kept of one attempt of a workload, MiB; the oldest goes first'),
      totalMib: z.int().min(1).default(4_096).describe('Output that is kept of all workloads of this host, MiB'),
    })
    .prefault({}),
  stores: z
    .strictObject({
      hosts: z
        .array(text.min(1))
        .default(['*'])
        .describe(
          'Stores of objects that this host speaks to, for volumes and backups, as HOST or HOST:PORT with * for anything; what leads to an address of this host, to its own link (169.254.0.0/16), or to where a cloud hands out keys has to be named without a *; private networks need not',
        ),
    })
    .prefault({}),
  volumes: z
    .strictObject({
      storeGib: z.coerce
        .number()
        .positive()
        .default(64)
        .describe('Most of what a store of objects holds that is copied here for one volume'),
      copiesGib: z.coerce
        .number()
        .positive()
        .default(256)
        .describe(
          'Most of what stores of objects hold that is copied here in all; copies that nothing uses go first, and what does not fit beside the others is refused',
        ),
      snapshotGib: z.coerce
        .number()
        .positive()
        .default(64)
        .describe('Largest snapshot of a volume that this host keeps'),
    })
    .prefault({}),
  audit: z
    .strictObject({
      totalMib: z
        .int()
        .min(2)
        .default(256)
        .describe('What is kept on this host of who did what, MiB; the oldest goes first, and that it went is kept'),
      headMinutes: z.coerce
        .number()
        .min(0.05)
        .max(24 * 60)
        .default(60)
        .describe('How often this node tells the others how far its audit log has come'),
    })
    .prefault({}),
  network: Network,
  system: z
    .strictObject({
      allowRun: z
        .boolean()
        .default(false)
        .describe('Let administrators of the mesh run programs on this host with system.run, as the daemon’s user'),
      programs: z
        .array(text.min(1))
        .default([])
        .describe('The programs that may be run, each by the name or path that is asked for; all if left out'),
    })
    .prefault({}),
  logging: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level that is logged'),
      format: z.enum(['auto', 'pretty', 'json']).default('auto').describe('pretty for people, json for machines'),
    })
    .prefault({}),
})

export type Config = z.infer<typeof Config>
