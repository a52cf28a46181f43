/** Real hosts in this process, on loopback, with a membership that tests can bend. */
import { firstVersion } from '../../src/model/version.ts'
import { type Identity, newIdentity } from '../../src/adapters/keys/identity.ts'
import { createHost, type Host, type HostInit } from '../../src/adapters/libp2p/host.ts'
import { defaultHostSettings, type HostSettings } from '../../src/adapters/libp2p/settings.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { type MeshId, meshId, type NodeId } from '../../src/model/ids.ts'
import type { Admission, AdmissionCheck } from '../../src/ports/admission.ts'
import { silent } from '../../src/ports/log.ts'
import { tcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { Tally } from './tally.ts'

/** A membership where the certificate is a word: `member` lets in, anything else is refused with itself as the reason. */
export class WordAdmission implements Admission {
  word = 'member'
  readonly removed = new Set<NodeId>()
  readonly #removal = new Set<(node: NodeId) => void>()

  certificate(): Uint8Array {
    return Buffer.from(this.word)
  }

  check(certificate: Uint8Array, from: NodeId): AdmissionCheck {
    const word = Buffer.from(certificate).toString()
    if (this.removed.has(from)) return { ok: false, reason: 'it was removed' }
    return word === 'member' ? { ok: true } : { ok: false, reason: word }
  }

  isMember(node: NodeId): boolean {
    return !this.removed.has(node)
  }

  onRemoved(listener: (node: NodeId) => void): () => void {
    this.#removal.add(listener)
    return () => this.#removal.delete(listener)
  }

  onRenewed(): () => void {
    return () => {}
  }

  remove(node: NodeId): void {
    this.removed.add(node)
    for (const listener of this.#removal) listener(node)
  }
}

export interface TestHost extends Host {
  readonly id: NodeId
  readonly identity: Identity
  readonly admission: WordAdmission
  readonly tally: Tally
}

export interface Wire extends TcpProxy {
  readonly addresses: readonly string[]
}

/** A mesh under test: makes hosts that know each other's addresses, and stops them all. */
export class TestNet {
  readonly mesh: MeshId
  readonly hosts: TestHost[] = []
  readonly #proxies: TcpProxy[] = []

  constructor(mesh = 'mesh-under-test') {
    this.mesh = meshId(mesh)
  }

  async host(settings: Partial<HostSettings> = {}, init: Partial<HostInit> = {}): Promise<TestHost> {
    const identity = newIdentity()
    const admission = new WordAdmission()
    const tally = new Tally()
    const host = await createHost({
      identity,
      mesh: this.mesh,
      software: '0.0.0-test',
      applies: firstVersion,
      settings: { ...defaultHostSettings, mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'], ...settings },
      admission,
      addressesOf: (node) => this.hosts.find(({ id }) => id === node)?.peers.addresses() ?? [],
      log: silent,
      metrics: tally,
      clock: systemClock,
      ...init,
    })
    await host.service.start()
    const made = { ...host, id: identity.id, identity, admission, tally }
    this.hosts.push(made)
    return made
  }

  /** A way to a host that can be cut. */
  async wireTo(host: TestHost): Promise<Wire> {
    const port = Number(/\/tcp\/(\d+)\//.exec(host.peers.addresses()[0] ?? '')?.[1])
    const proxy = await tcpProxy(port)
    this.#proxies.push(proxy)
    return Object.assign(proxy, { addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${host.id}`] })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#proxies.splice(0).map((proxy) => proxy.close()))
    await Promise.all(this.hosts.splice(0).map((host) => host.service.stop()))
  }
}

/** Resolves when the condition holds; it is looked at whenever the event loop comes round. */
export async function until(what: string, holds: () => boolean, limit = 15_000): Promise<void> {
  const end = performance.now() + limit
  while (!holds()) {
    if (performance.now() > end) throw new Error(`still not so after ${limit} ms: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
