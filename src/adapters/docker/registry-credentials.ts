/**
 * Who this host is to a registry: what the daemon's own settings say, else what `docker login` left for the user that runs the daemon.
 * What is found is handed to the engine and goes nowhere else; messages name files and helpers, never what is in them.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { AuthConfig } from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { parseReference } from '../../model/image.ts'
import type { Millis } from '../../model/time.ts'

/** Asked anew for every pull: passwords change, and tokens of helpers live for hours. */
export type Credentials = (image: string, signal: AbortSignal) => Promise<AuthConfig | null>

export interface RegistryLogin {
  readonly username: string
  readonly password?: string | undefined
  readonly passwordFile?: string | undefined
}

export interface CredentialSources {
  /** By registry, such as `registry.example.com:5000` or `docker.io`. */
  readonly logins: Readonly<Record<string, RegistryLogin>>
  /** Docker's own file, such as `~/.docker/config.json`; null for none. */
  readonly dockerConfig: string | null
}

export const noCredentials: Credentials = () => Promise.resolve(null)

const helperPatience: Millis = 10_000
const mostBytes = 1_048_576

export function registryCredentials({ logins, dockerConfig }: CredentialSources): Credentials {
  return async (image, signal) => {
    const { registry } = parseReference(image)
    try {
      const login = logins[registry]
      if (login !== undefined) return await ofLogin(registry, login)
      return dockerConfig === null ? null : await ofDocker(registry, dockerConfig, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Unusable)) throw error
      throw new ClawError('IMAGE_ACCESS_DENIED', { image, detail: error.message }, { cause: error })
    }
  }
}

/** What was set up does not work, and who set it up wants to know. */
class Unusable extends Error {}

async function ofLogin(registry: string, { username, password, passwordFile }: RegistryLogin): Promise<AuthConfig> {
  const secret = passwordFile === undefined ? (password ?? '') : (await textOf(passwordFile)).replace(/\r?\n$/, '')
  return { username, password: secret, serveraddress: registry }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Unusable(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
}

async function ofDocker(registry: string, file: string, signal: AbortSignal): Promise<AuthConfig | null> {
  const config = await dockerConfigIn(file)
  const names = registry === 'docker.io' ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'] : [registry]
  const helpers = recordIn(config, 'credHelpers')
  const named = names.map((name) => helpers[name]).find((helper) => typeof helper === 'string')
  const helper = named ?? config['credsStore']
  for (const name of names) {
    if (typeof helper !== 'string') break
    const found = await ofHelper(helper, name, signal)
    if (found !== null) return found
  }
  const auths = Object.entries(recordIn(config, 'auths'))
  const entry = auths.find(([key]) => names.includes(key) || names.includes(hostOf(key)))?.[1]
  return entry === undefined ? null : inlineAuth(entry, { registry, file })
}

async function dockerConfigIn(file: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {}
    throw new Unusable(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  try {
    const config: unknown = JSON.parse(text)
    return isRecord(config) ? config : {}
  } catch {
    // The parser's own message quotes the file.
    throw new Unusable(`${file} is not JSON`)
  }
}

/** `https://host/v1/` and `host` both name the host. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').split('/')[0] ?? ''

function inlineAuth(
  entry: unknown,
  { registry, file }: { readonly registry: string; readonly file: string },
): AuthConfig | null {
  if (!isRecord(entry)) return null
  const { auth, username, password, identitytoken } = entry
  const base = { serveraddress: registry }
  if (typeof identitytoken === 'string' && identitytoken !== '') return { ...base, identitytoken }
  if (typeof username === 'string' && typeof password === 'string') return { ...base, username, password }
  if (typeof auth !== 'string' || auth === '') return null
  const pair = Buffer.from(auth, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon < 1) throw new Unusable(`${file} has an auth for ${registry} that is not base64 of USER:PASSWORD`)
  return { ...base, username: pair.slice(0, colon), password: pair.slice(colon + 1) }
}

/** Runs `docker-credential-NAME get`, as Docker's own tools do. Null when it knows nothing of the server. */
async function ofHelper(helper: string, server: string, signal: AbortSignal): Promise<AuthConfig | null> {
  if (!/^[a-zA-Z0-9._-]{1,64}$/.test(helper)) throw new Unusable('a credential helper with an impossible name')
  const program = `docker-credential-${helper}`
  const { code, output } = await runHelper(program, server, signal)
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return null
    throw new Unusable(`${program} failed${code === null ? '' : ` with code ${code}`}`)
  }
  const told = parsed(output)
  if (told === null) throw new Unusable(`${program} printed something else than credentials`)
  const { username, secret } = told
  const base = { serveraddress: server }
  if (username === '<token>') return { ...base, identitytoken: secret }
  return { ...base, username, password: secret }
}

function parsed(output: string): { readonly username: string; readonly secret: string } | null {
  try {
    const told: unknown = JSON.parse(output)
    if (!isRecord(told) || typeof told['Username'] !== 'string' || typeof told['Secret'] !== 'string') return null
    return { username: told['Username'], secret: told['Secret'] }
  } catch {
    return null
  }
}

interface HelperResult {
  readonly code: number | null
  readonly output: string
}

function runHelper(program: string, server: string, signal: AbortSignal): Promise<HelperResult> {
  return new Promise((resolve, reject) => {
    const end = AbortSignal.any([signal, AbortSignal.timeout(helperPatience)])
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], signal: end, killSignal: 'SIGKILL' })
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') reject(new Unusable(`${program} is not installed`))
      else reject(signal.aborted ? (signal.reason as Error) : new Unusable(`${program} did not answer`))
    })
    // Without a process there are no pipes either when the host has no descriptor left.
    if (child.pid === undefined) return
    const parts: Buffer[] = []
    let size = 0
    child.stdout.on('data', (part: Buffer) => {
      size += part.length
      if (size <= mostBytes) parts.push(part)
      else child.kill('SIGKILL')
    })
    // A helper that ends without reading is heard of by its exit.
    child.stdin.on('error', () => {})
    child.once('close', (code) => resolve({ code, output: Buffer.concat(parts).toString('utf8') }))
    child.stdin.end(`${server}\n`)
  })
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const recordIn = (record: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> => {
  const value = record[key]
  return isRecord(value) ? value : {}
}
