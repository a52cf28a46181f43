/** Somebody of no mesh at all, on the market host of a real network: his own key, host and account. */
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import { createVerifier } from '../../../src/adapters/keys/signatures.ts'
import { createHost, type Host } from '../../../src/adapters/libp2p/host.ts'
import { defaultHostSettings } from '../../../src/adapters/libp2p/settings.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { systemRandom } from '../../../src/adapters/system/random.ts'
import { type Network, networkOf } from '../../../src/core/molt/network.ts'
import { sign } from '../../../src/core/molt/signing.ts'
import { rulesOf } from '../../../src/core/state/molt.ts'
import type { WrittenGenesis } from '../../../src/core/state/molt-commands.ts'
import { meshId, type NodeId, nodeId } from '../../../src/model/ids.ts'
import { firstVersion } from '../../../src/model/version.ts'
import { silent } from '../../../src/ports/log.ts'
import { Bank } from '../../../src/services/molt/bank.ts'
import { openAdmission } from '../../../src/services/molt/open-admission.ts'
import { SimDisk } from '../../../src/simulation/disk.ts'
import type { BuyerWorld } from './scripted-buyer.ts'
import { Tally } from '../tally.ts'

const never = new AbortController().signal

export class Stranger {
  readonly identity = newIdentity()
  readonly #verifier = createVerifier()
  #host: Host | null = null
  #bank: Bank | null = null
  #network: Network | null = null
  #provider: NodeId = nodeId('')
  #addresses: readonly string[] = []

  get id(): NodeId {
    return this.identity.id
  }

  /** Takes part in the network, linked to that provider, who is one of its witnesses. */
  async join(genesis: WrittenGenesis, provider: NodeId, addresses: readonly string[]): Promise<void> {
    const network = networkOf(rulesOf(genesis))
    this.#addresses = addresses
    const host = await createHost({
      ...{ identity: this.identity, clock: systemClock, log: silent, metrics: new Tally(), mesh: meshId(network.id) },
      ...{ software: '0.0.0-test', applies: firstVersion, admission: openAdmission },
      settings: { ...defaultHostSettings, mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'] },
      addressesOf: (party) => (party === provider ? this.#addresses : []),
    })
    await host.service.start()
    await host.peers.connect(provider, addresses, AbortSignal.timeout(20_000))
    const { signer } = this.identity
    const bank = new Bank({
      ...{ network, signer, verifier: this.#verifier, rpc: host.rpc, clock: systemClock, random: systemRandom },
      ...{ disk: new SimDisk({ random: systemRandom }), log: silent },
    })
    await bank.start()
    this.#host = host
    this.#bank = bank
    this.#network = network
    this.#provider = provider
  }

  /** The provider is there now. */
  async find(addresses: readonly string[]): Promise<void> {
    this.#addresses = addresses
    await this.#host?.peers.connect(this.#provider, addresses, AbortSignal.timeout(20_000))
  }

  async leave(): Promise<void> {
    await this.#bank?.stop()
    await this.#host?.service.stop()
  }

  world(): BuyerWorld {
    const [host, bank, network] = [this.#host, this.#bank, this.#network]
    if (host === null || bank === null || network === null) throw new Error('he has not joined')
    return {
      ...{ id: this.id, provider: this.#provider, network: network.id, now: () => Math.floor(systemClock.now()) },
      after: (wait, run) => systemClock.after(wait, run),
      call: (to, protocol, asked, signal) => host.rpc.call(to, protocol, asked, signal),
      signer: this.identity.signer,
      sign: (kind, value) => sign(this.identity.signer, { kind, network: network.id, value }),
      hold: (agreement) => bank.openHold(agreement, never),
    }
  }

  get rpc(): Host['rpc'] {
    if (this.#host === null) throw new Error('he has not joined')
    return this.#host.rpc
  }

  balance(): Promise<bigint> {
    const bank = this.#bank
    if (bank === null) throw new Error('he has not joined')
    return bank.receive(never).then(() => bank.books.balance)
  }
}
