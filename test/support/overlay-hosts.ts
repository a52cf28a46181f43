/** Nodes with the overlay's service over one shared state, and WireGuard that is not there. */
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { createVerifier } from '../../src/adapters/keys/signatures.ts'
import { tunnelKeys } from '../../src/adapters/keys/tunnel-keys.ts'
import type { Command } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import { meshId } from '../../src/model/ids.ts'
import { silent } from '../../src/ports/log.ts'
import { OverlayService } from '../../src/services/overlay/service.ts'
import type { OverlaySetup } from '../../src/services/overlay/types.ts'
import { SimDisk } from '../../src/simulation/disk.ts'
import { World } from '../../src/simulation/world.ts'
import { admit, found, newMember, token } from './control-samples.ts'
import { SimNetworks } from './sim-networks.ts'
import { SharedControl } from './shared-control.ts'
import { Ether, SimTunnels } from './sim-tunnels.ts'

const setup: OverlaySetup = {
  ...{ takesPart: true, manages: true, prefix: 'claw', port: 51_820 },
  ...{ endpoints: [], mtu: null, stays: false },
}

export interface OverlayHost {
  readonly node: NodeId
  readonly tunnels: SimTunnels
  readonly engine: SimNetworks
  service: OverlayService
  /** The service of the next daemon of that host. */
  readonly again: () => OverlayService
}

export class OverlayHosts {
  readonly world: World
  readonly control = new SharedControl()
  readonly ether: Ether
  readonly hosts: OverlayHost[] = []
  #commands = 0

  private constructor(seed: number) {
    this.world = new World(seed)
    this.ether = new Ether(this.world)
  }

  /** So many members, none of which has started. */
  static async of(
    count: number,
    parts: { seed?: number; setup?: Partial<OverlaySetup>; observed?: readonly string[] } = {},
  ): Promise<OverlayHosts> {
    const hosts = new OverlayHosts(parts.seed ?? 1)
    for (let i = 0; i < count; i += 1) await hosts.add({ ...setup, ...parts.setup }, parts.observed)
    return hosts
  }

  get(index: number): OverlayHost {
    const host = this.hosts[index]
    if (host === undefined) throw new Error(`no host ${index}`)
    return host
  }

  async run(command: Command): Promise<void> {
    this.#commands += 1
    const first = this.hosts[0]?.node
    if (first === undefined && command.type !== 'found') throw new Error('nobody is there')
    const by = first ?? ('nobody' as NodeId)
    const control = this.control.at(by)
    await control.execute(command, { id: `c${this.#commands}`, by, signal: new AbortController().signal })
  }

  /** Plays the world until the promise has settled. */
  async played<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.world.runUntil(() => isSettled, 60_000)
    return promise
  }

  async startAll(): Promise<void> {
    for (const { service } of this.hosts) await service.start()
  }

  /** `observed`: at which addresses others see it. */
  async add(own: OverlaySetup, observed: readonly string[] = []): Promise<OverlayHost> {
    const identity = newIdentity()
    const member = newMember(identity.id, { name: `gpu-${this.hosts.length + 1}`, sealKey: identity.sealer.sealKey })
    const isFirst = this.hosts.length === 0
    const tunnels = new SimTunnels(this.ether, [`192.0.2.${this.hosts.length + 1}`])
    const engine = new SimNetworks()
    const deps = {
      ...{ self: identity.id, mesh: meshId('mesh-0123'), control: this.control.at(identity.id), clock: this.world },
      ...{ signer: identity.signer, sealer: identity.sealer, verifier: createVerifier(), keys: tunnelKeys, tunnels },
      sights: {
        seenAt: () => null,
        observed: (except: (address: string) => boolean) => observed.filter((address) => !except(address)),
      },
      disk: new SimDisk({ random: this.world }),
      ...{ networks: engine, bridges: engine, onLanes: () => undefined },
      givenKey: () => Promise.resolve(null),
      log: silent,
    }
    const start = () => new OverlayService(deps, own)
    const host = { node: identity.id, tunnels, engine, service: start(), again: start }
    this.hosts.push(host)
    if (isFirst) await this.run({ ...found(identity.id), founder: member } as Command)
    else {
      await this.run(token(`t-${identity.id}`, 1e15))
      await this.run(admit(`t-${identity.id}`, member))
    }
    return host
  }
}
