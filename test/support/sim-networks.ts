/** An engine's networks, and the bridges that they make on a host, neither of which is there. */
import { ClawError } from '../../src/model/failure.ts'
import type {
  ContainerNetwork,
  ContainerNetworks,
  HostBridges,
  NetworkLook,
  Passage,
} from '../../src/ports/container-network.ts'

interface Made extends NetworkLook {
  readonly trusted: readonly string[]
}

export class SimNetworks implements ContainerNetworks, HostBridges {
  readonly made = new Map<string, Made>()
  /** Interfaces of the host with their addresses, whoever has made them. */
  readonly links = new Map<string, readonly string[]>()
  readonly opened = new Map<string, Passage>()
  isDown = false
  /** Its bridges are not on this host. */
  isElsewhere = false
  /** Why it makes none, in its own words. */
  refusal: string | null = null
  /** How often it was asked for anything. */
  asked = 0

  /** So many containers are on it from now on. */
  fill(name: string, containers: number): void {
    const made = this.made.get(name)
    if (made === undefined) throw new Error(`no network ${name}`)
    this.made.set(name, { ...made, containers })
  }

  async look(name: string): Promise<NetworkLook | null> {
    await this.#reach()
    return this.made.get(name) ?? null
  }

  async make({ name, subnet, mtu, tunnels }: ContainerNetwork): Promise<string | null> {
    await this.#reach()
    if (this.refusal !== null) return this.refusal
    this.made.set(name, { owner: 'self', subnet, mtu, hasIpv6: false, containers: 0, trusted: tunnels })
    if (!this.isElsewhere) this.links.set(name, [subnet.replace(/\.0\//, '.1/')])
    return null
  }

  async remove(name: string): Promise<boolean> {
    await this.#reach()
    if ((this.made.get(name)?.containers ?? 0) > 0) return false
    this.made.delete(name)
    this.links.delete(name)
    return true
  }

  addressesOf(name: string): Promise<readonly string[] | null> {
    return Promise.resolve(this.links.get(name) ?? null)
  }

  open(passage: Passage): Promise<void> {
    this.opened.set(passage.name, passage)
    return Promise.resolve()
  }

  close({ name }: Pick<Passage, 'name'>): Promise<void> {
    this.opened.delete(name)
    return Promise.resolve()
  }

  #reach(): Promise<void> {
    this.asked += 1
    if (!this.isDown) return Promise.resolve()
    return Promise.reject(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it is down' }))
  }
}
