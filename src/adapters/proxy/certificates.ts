/** The certificates that HTTPS is served with: from files, chosen by name, and read again when they change; and those that the mesh has ordered. */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ClawError } from '../../model/failure.ts'
import { wildcardOf } from '../../model/ingress.ts'
import type { Millis } from '../../model/time.ts'
import type { CertificateFiles, ShownPair } from '../../ports/ingress-door.ts'

/** How often it is looked whether the files have changed. */
const lookEvery: Millis = 5_000

interface Pem {
  readonly cert: string
  readonly key: string
}

interface Read extends Pem {
  readonly names: readonly string[]
  readonly context: SecureContext
}

export class Certificates {
  readonly #files: readonly CertificateFiles[]
  readonly #onProblem: (problem: string | null) => void
  #byName: ReadonlyMap<string, SecureContext> = new Map()
  #first: Read | undefined
  /** Those that the mesh has ordered. */
  #ordered: ReadonlyMap<string, SecureContext> = new Map()
  /** Told after each time that they were read again. */
  onRead: () => void = () => {}
  #stamp = ''
  #look: NodeJS.Timeout | undefined

  /** `onProblem` is told why they could not be read again, and null once they could. */
  constructor(files: readonly CertificateFiles[], onProblem: (problem: string | null) => void) {
    this.#files = files
    this.#onProblem = onProblem
  }

  /** Reads them, and looks after them until `close`. Throws CONFIG_INVALID. */
  async open(): Promise<void> {
    await this.#read()
    this.#again()
  }

  close(): void {
    clearTimeout(this.#look)
    this.#look = undefined
  }

  /** Of the name, of the wildcard that it falls under, or the first. */
  for(name: string): SecureContext | undefined {
    const asked = name.toLowerCase()
    return (
      this.#byName.get(asked) ??
      this.#byName.get(wildcardOf(asked) ?? '') ??
      this.#ordered.get(asked) ??
      this.#first?.context
    )
  }

  /** In the place of those of before. Throws what is wrong with the first that cannot be read, and shows the others. */
  show(pairs: readonly ShownPair[]): void {
    const contexts = new Map<string, SecureContext>()
    const wrong: unknown[] = []
    for (const { host, cert, key } of pairs)
      try {
        contexts.set(host, createSecureContext({ cert, key, minVersion: 'TLSv1.2' }))
      } catch (error) {
        wrong.push(error)
      }
    this.#ordered = contexts
    if (wrong.length > 0) throw wrong[0]
  }

  /** What a server begins with, for clients that name no host. */
  fallback(): Partial<Pem> {
    return this.#first === undefined ? {} : { cert: this.#first.cert, key: this.#first.key }
  }

  #again(): void {
    this.#look = setTimeout(() => {
      this.#renew().then(
        () => this.#onProblem(null),
        (error: unknown) => this.#onProblem(error instanceof Error ? error.message : String(error)),
      )
    }, lookEvery).unref()
  }

  async #renew(): Promise<void> {
    try {
      if ((await stampOf(this.#files)) !== this.#stamp) await this.#read()
    } finally {
      // Not after it was closed meanwhile.
      if (this.#look !== undefined) this.#again()
    }
  }

  /** All of them or none: connections that are open keep what they were opened with. */
  async #read(): Promise<void> {
    const stamp = await stampOf(this.#files)
    const all = await Promise.all(this.#files.map(read))
    this.#byName = new Map(
      all.toReversed().flatMap(({ names, context }) => names.map((name) => [name, context] as const)),
    )
    this.#first = all[0]
    this.#stamp = stamp
    this.onRead()
  }
}

async function stampOf(files: readonly CertificateFiles[]): Promise<string> {
  const stamps = files
    .flatMap(({ cert, key }) => [cert, key])
    .map(async (file) => {
      const { mtimeMs, size, ino } = await orInvalid(file, () => stat(file))
      return `${mtimeMs}/${size}/${ino}`
    })
  return (await Promise.all(stamps)).join(' ')
}

async function read({ cert, key }: CertificateFiles): Promise<Read> {
  const chain = await orInvalid(cert, () => readFile(cert, 'utf8'))
  const secret = await orInvalid(key, () => readFile(key, 'utf8'))
  const shown = await orInvalid(cert, () => Promise.resolve(new X509Certificate(chain)))
  const own = await orInvalid(key, () => Promise.resolve(createPrivateKey(secret)))
  if (!shown.checkPrivateKey(own))
    throw new ClawError('CONFIG_INVALID', { file: key, problem: `it is not the key of ${cert}` })
  const context = await orInvalid(cert, () =>
    Promise.resolve(createSecureContext({ cert: chain, key: secret, minVersion: 'TLSv1.2' })),
  )
  return { names: namesOf(shown), context, cert: chain, key: secret }
}

const namesOf = ({ subjectAltName = '' }: X509Certificate): readonly string[] =>
  subjectAltName.split(', ').flatMap((name) => (name.startsWith('DNS:') ? name.slice(4).toLowerCase() : []))

async function orInvalid<T>(file: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new ClawError('CONFIG_INVALID', { file, problem }, { cause: error })
  }
}
