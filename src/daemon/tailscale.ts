/** What has this host be in a tailnet. */
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { systemTools } from '../adapters/system/tool.ts'
import { tailscaleClient } from '../adapters/tailscale/tailscale.ts'
import type { Config } from '../config/schema.ts'
import type { KeySource } from '../core/install/drop-ins.ts'
import { nextStep, troubleOf, type Trouble } from '../core/tailscale/next.ts'
import { tailnetHostName, type TailscaleSetup } from '../core/tailscale/setup.ts'
import type { PolicyPorts } from '../core/tailscale/policy.ts'
import { readStatus } from '../core/tailscale/status.ts'
import { isClawError } from '../model/failure.ts'
import type { TailnetView } from '../operations/context.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RunTool } from '../ports/tool.ts'
import { TailscaleService } from '../services/tailscale/service.ts'
import { keySource } from './tailscale-key.ts'

interface Around {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** What this node calls itself. */
  readonly name: string
}

export function tailscaleOf({ config, clock, log, name }: Around): TailscaleService {
  const { provider, tailscale: own } = config.network
  return new TailscaleService(
    {
      ...{ clock, log: log.child('tailscale'), key: keySource(own, process.env) },
      client: tailscaleClient({
        ...{ run: systemTools(), folder: join(config.dataDir, 'tailscale') },
        socket: own.socket ?? null,
      }),
    },
    { setup: provider === 'tailscale' ? setupOf(own, name) : null, listen: config.mesh.listen },
  )
}

/** What is wrong with it before a daemon has done anything; null for nothing. Nothing is changed. */
export async function tailnetTrouble(
  { network: { tailscale: own }, node }: Config,
  run: RunTool,
): Promise<Trouble | null> {
  const setup = setupOf(own, node.name ?? hostname())
  const client = tailscaleClient({ run, folder: '', socket: setup.socket })
  try {
    const tailnet = readStatus(await client.status(AbortSignal.timeout(10_000)))
    if (tailnet === null) return { words: 'tailscale status printed no status', command: null }
    const key = await keySource(own, { ...process.env })()
    const next = nextStep(tailnet, { setup, hasKey: key !== null, isTold: true, now: Date.now() })
    return next.do === 'nothing' ? next.trouble : null
  } catch (error) {
    if (isClawError(error)) return troubleOf(error, setup)
    throw error
  }
}

/** What operations see of it. */
export function tailnetView({
  tailnet,
  config,
}: {
  readonly tailnet: TailscaleService
  readonly config: Config
}): TailnetView {
  return {
    look: () => tailnet.look(),
    up: (signal) => tailnet.up(signal),
    down: (signal) => tailnet.down(signal),
    echo: (address, count, signal) => tailnet.echo(address, count, signal),
    ports: portsOf(config),
    keySource: sourceOf(config.network.tailscale),
  }
}

/** Where the key comes from, for systemd to hand it on. */
export const sourceOf = ({ authKeyFile, authKeyEnv }: Own): KeySource =>
  authKeyFile === undefined ? { kind: 'environment', name: authKeyEnv } : { kind: 'file', path: authKeyFile }

/** People connect to the API, and to what comes from outside, where those are not only for the host itself. */
export function portsOf({ mesh, api, ingress }: Pick<Config, 'mesh' | 'api' | 'ingress'>): PolicyPorts {
  const open = [api.listen, ingress.listen, ingress.tlsListen].filter(
    (place) => place !== undefined && !/^(127\.|localhost:|\[::1\])/.test(place),
  )
  const portIn = (place: string, pattern: RegExp): number => Number(pattern.exec(place)?.[1] ?? 0)
  return {
    mesh: mesh.listen.map((place) => portIn(place, /\/tcp\/(\d+)/)).filter((port) => port > 0),
    people: open.map((place) => portIn(place ?? '', /:(\d+)$/)).filter((port) => port > 0),
  }
}

type Own = Config['network']['tailscale']

/** `node` is what this node calls itself. */
export const setupOf = (own: Own, node: string): TailscaleSetup => ({
  ...{ hostName: tailnetHostName(own.hostnamePrefix, node), tags: own.tags, loginServer: own.loginServer ?? null },
  ...{ exitNode: own.exitNode ?? null, acceptRoutes: own.acceptRoutes, acceptDns: own.acceptDns },
  ...{ advertiseRoutes: own.advertiseRoutes, ephemeral: own.ephemeral, tailnet: own.tailnet ?? null },
  ...{ meshCidr: own.meshCidr ?? null, manages: own.manage, socket: own.socket ?? null },
  ...{ keyFile: own.authKeyFile ?? null, operator: operator() },
  services: Object.entries(own.services).map(([name, { port, protocol, target }]) => ({
    ...{ name, port, protocol, target: target ?? port },
  })),
})

/** Whom the client has to let; null for root, whom it lets anyway, and for a user without a name, as containers have. */
function operator(): string | null {
  if (process.getuid?.() === 0) return null
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return null
  }
}
