/** Nodes that order and show certificates over one shared state, and an authority that is simulated: it looks at nothing but what it was answered. */
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import type { Command } from '../../src/core/state/types.ts'
import { abortable } from '../../src/lib/abortable.ts'
import { ClawError } from '../../src/model/failure.ts'
import { deploymentId, meshId, type NodeId } from '../../src/model/ids.ts'
import { day } from '../../src/model/time.ts'
import { rangeText } from '../../src/model/version.ts'
import type { CertificateAuthority, OrderedCertificate } from '../../src/ports/certificate-authority.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { silent } from '../../src/ports/log.ts'
import { CertificateService } from '../../src/services/ingress/certificate-service.ts'
import type { Control } from '../../src/services/control/types.ts'
import { admit, found, inventory, newMember, token } from './control-samples.ts'
import { create } from './deployment-samples.ts'
import { type Blobs, blobs } from './molt/blobs.ts'
import { SharedControl } from './shared-control.ts'

/** The machine's clock, which a test may stand in for. */
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => Date.now(),
  after: (wait, run) => {
    const timer = setTimeout(run, wait)
    return () => clearTimeout(timer)
  },
}

export class SimulatedAuthority implements CertificateAuthority {
  readonly orders: string[] = []
  /** What is wrong with the hosts that it is asked for; null for nothing. */
  problem: string | null = null
  /** What it does before it looks. */
  look: (host: string, token: string) => Promise<void> = () => Promise.resolve()

  async order(
    host: string,
    answer: (token: string, said: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<OrderedCertificate> {
    this.orders.push(host)
    const number = this.orders.length
    await answer(`token-${number}`, `token-${number}.thumbprint`)
    await abortable(this.look(host, `token-${number}`), signal)
    if (this.problem !== null) throw new ClawError('CERTIFICATE_FAILED', { host, detail: this.problem })
    const notBefore = Date.now()
    return { chain: chainOf(number), key: `key ${number}`, notBefore, notAfter: notBefore + 90 * day }
  }
}

/** Schemas are not asked in one process: it only has to be another each time. */
export const chainOf = (number: number): string => `chain ${number}`

const commandHost = (command: Command): string | null =>
  'host' in command && typeof command.host === 'string' ? command.host : null

interface Host {
  readonly node: NodeId
  readonly blobs: Blobs
  readonly make: () => CertificateService
  readonly service: CertificateService
}

export class CertificateHosts {
  readonly control = new SharedControl()
  readonly authority = new SimulatedAuthority()
  readonly hosts: Host[] = []
  readonly #refused = new Map<Command['type'], { readonly why: ClawError; readonly host: string | null }>()
  #commands = 0

  /** So many members that take requests over TLS and may order, which have started. */
  static async of(count: number): Promise<CertificateHosts> {
    const hosts = new CertificateHosts()
    for (let i = 0; i < count; i += 1) await hosts.add(`host-${i}`)
    await hosts.run({ type: 'raise-version', version: 2 })
    const made = create({ service: { port: 9_000, targetPort: 8_080 } })
    await hosts.run({ ...made, deployment: deploymentId('dep-web'), name: 'web' })
    return hosts
  }

  get(index: number): Host {
    const host = this.hosts[index]
    if (host === undefined) throw new Error(`no host ${index}`)
    return host
  }

  async run(command: Command): Promise<void> {
    this.#commands += 1
    const by = this.hosts[0]?.node ?? ('nobody' as NodeId)
    const { signal } = new AbortController()
    await this.control.at(by).execute(command, { id: `c${this.#commands}`, by, signal })
  }

  /** From now on, such commands of the hosts come to nothing; if one is named, only those for it. */
  refuse(type: Command['type'], why: ClawError, host: string | null = null): void {
    this.#refused.set(type, { why, host })
  }

  allow(type: Command['type']): void {
    this.#refused.delete(type)
  }

  /** With what it has on its disk. */
  async restart(index: number): Promise<void> {
    const { service, make, ...host } = this.get(index)
    await service.stop()
    const next = make()
    this.hosts[index] = { ...host, make, service: next }
    await next.start()
  }

  /** An ingress that wants a certificate. */
  want(host: string, nodes: Readonly<Record<string, string>> = {}): Promise<void> {
    const [name = ''] = host.split('.')
    const route = { namespace: 'default', name, host, path: '/', deployment: 'web', strip: false, nodes }
    return this.run({ type: 'create-ingress', ...route, acme: true })
  }

  async add(name: string, { orders = true } = {}): Promise<Host> {
    const { id, sealer } = newIdentity()
    const member = newMember(id, { name, sealKey: sealer.sealKey })
    if (this.hosts.length === 0) {
      const founded = found(id)
      await this.run(founded.type === 'found' ? { ...founded, founder: member } : founded)
    } else {
      await this.run(token(`t-${id}`, Number.MAX_SAFE_INTEGER))
      await this.run(admit(`t-${id}`, member))
    }
    const versions = { state: rangeText({ oldest: 1, newest: 2 }) }
    await this.run({ type: 'report-inventory', node: id, inventory: inventory(id, 1, { versions }) })
    const disk = blobs()
    const control = this.#controlOf(id)
    const make = (): CertificateService =>
      new CertificateService({
        ...{ self: id, mesh: meshId('mesh-0123'), control, sealer, clock, disk, log: silent },
        ...{ authority: orders ? this.authority : null, hasTls: true },
      })
    const service = make()
    const host = { node: id, service, blobs: disk, make }
    this.hosts.push(host)
    await service.start()
    return host
  }

  #controlOf(node: NodeId): Control {
    const control = this.control.at(node)
    return {
      ...control,
      execute: (command, asked) => {
        const refused = this.#refused.get(command.type)
        const isRefused = refused !== undefined && (refused.host === null || commandHost(command) === refused.host)
        return isRefused ? Promise.reject(refused.why) : control.execute(command, asked)
      },
    }
  }

  async stop(): Promise<void> {
    for (const { service } of this.hosts) await service.stop()
  }
}
