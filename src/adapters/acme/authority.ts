/** A certificate authority that speaks ACME (RFC 8555), by the library acme-client. The host is shown to be ours over HTTP. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import type Acme from 'acme-client'
import { abortable } from '../../lib/abortable.ts'
import { ClawError } from '../../model/failure.ts'
import type { Millis } from '../../model/time.ts'
import type { CertificateAuthority, OrderedCertificate } from '../../ports/certificate-authority.ts'
import type { Disk } from '../../ports/journal.ts'
import { chainIn } from './chain.ts'

export interface AcmeSettings {
  /** Where the authority says what it can do. */
  readonly directory: string
  /** Whom it tells of what goes wrong; nobody if left out. */
  readonly contact: string | undefined
  /** File with those whom it is believed by, PEM; those of the system if left out. */
  readonly roots: string | undefined
}

/** The key of the account of this node. It leaves the node in no way. */
export const accountFile = 'acme-account.key'

const answerMs: Millis = 30_000
/** How often, and how long between, it is asked whether it has looked. */
const polls = { backoffAttempts: 24, backoffMin: 1_000, backoffMax: 10_000 } as const
/** What goes wrong is told to whoever asked, who comes back later, instead of being tried again here. */
const retries = { retryMaxAttempts: 1, retryDefaultDelay: 2 } as const

type Answer = Parameters<CertificateAuthority['order']>[1]

/** Loaded when the first is ordered: it brings much along that most hosts never need. */
interface Begun {
  readonly acme: typeof Acme
  readonly client: Acme.Client
}

export class AcmeAuthority implements CertificateAuthority {
  readonly #settings: AcmeSettings
  readonly #disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  /** Keeps what it has learnt of the authority. */
  #begun: Begun | null = null

  constructor(settings: AcmeSettings, disk: Pick<Disk, 'readBlob' | 'writeBlob'>) {
    this.#settings = settings
    this.#disk = disk
  }

  async order(host: string, answer: Answer, signal: AbortSignal): Promise<OrderedCertificate> {
    try {
      return await this.#order(host, answer, signal)
    } catch (error) {
      signal.throwIfAborted()
      // Of our own: nothing that the authority has said.
      if (error instanceof ClawError) throw error
      // The library throws plain errors with what the authority said, and the system its own.
      const detail = error instanceof Error ? error.message : String(error)
      throw new ClawError('CERTIFICATE_FAILED', { host, detail: detail.slice(0, 512) }, { cause: error })
    }
  }

  async #order(host: string, answer: Answer, signal: AbortSignal): Promise<OrderedCertificate> {
    /** The library knows no signals: what it does after that is of no interest to anybody. */
    const step = <T>(promise: Promise<T>): Promise<T> => abortable(promise, signal)
    const { contact } = this.#settings
    const { acme, client } = (this.#begun ??= await this.#begin())
    await step(
      client.createAccount({
        termsOfServiceAgreed: true,
        ...(contact !== undefined && { contact: [`mailto:${contact}`] }),
      }),
    )
    const order = await step(client.createOrder({ identifiers: [{ type: 'dns', value: host }] }))
    for (const authorization of await step(client.getAuthorizations(order))) {
      if (authorization.status === 'valid') continue
      const challenge = authorization.challenges.find(({ type }) => type === 'http-01')
      if (challenge === undefined) throw new Error('the authority does not look over HTTP')
      await answer(challenge.token, await step(client.getChallengeKeyAuthorization(challenge)))
      await step(client.completeChallenge(challenge))
      await step(client.waitForValidStatus(challenge))
    }
    const key = (await acme.crypto.createPrivateEcdsaKey('P-256')).toString()
    const [, request] = await acme.crypto.createCsr({ altNames: [host] }, key)
    const ready = await step(client.finalizeOrder(order, request))
    return read(await step(client.getCertificate(ready)), key, host)
  }

  async #begin(): Promise<Begun> {
    const { directory, roots } = this.#settings
    const { default: acme } = await import('acme-client')
    const ca = roots === undefined ? undefined : await readFile(roots, 'utf8')
    const { defaults } = acme.axios
    defaults.timeout = answerMs
    if (ca !== undefined) defaults.httpsAgent = new Agent({ ca })
    Object.assign(defaults, { acmeSettings: { ...retries } })
    const client = new acme.Client({ directoryUrl: directory, accountKey: await this.#accountKey(acme), ...polls })
    return { acme, client }
  }

  async #accountKey(acme: typeof Acme): Promise<string> {
    const stored = await this.#disk.readBlob(accountFile)
    if (stored !== null) return Buffer.from(stored).toString()
    const made = await acme.crypto.createPrivateEcdsaKey('P-256')
    await this.#disk.writeBlob(accountFile, made, { secret: true })
    return made.toString()
  }
}

/** What comes from outside is looked at before it is shown to anybody. */
function read(text: string, key: string, host: string): OrderedCertificate {
  const chain = chainIn(text)
  const certificate = new X509Certificate(chain)
  if (!certificate.checkPrivateKey(createPrivateKey(key)))
    throw new Error('the certificate that came is for another key')
  if (certificate.checkHost(host) === undefined) throw new Error('the certificate that came is for another host')
  return {
    chain,
    key,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}
