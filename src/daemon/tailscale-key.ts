/** Where the key comes from that a host logs in to its tailnet with. No message holds it. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { keyCredential } from '../core/install/drop-ins.ts'
import { ClawError } from '../model/failure.ts'
import { authKeyProblem, isClientSecret } from '../model/tailnet.ts'

type Own = Config['network']['tailscale']

/**
 * What systemd hands on comes first, then the file, then the variable, then what the settings say. What stands in the environment is taken
 * out of it, so that no process that is started from here inherits it.
 */
export function keySource(own: Own, environment: NodeJS.ProcessEnv): () => Promise<string | null> {
  const { authKeyFile, authKeyEnv, authKey } = own
  const found = environment[authKeyEnv]?.trim() || null
  const credentials = environment['CREDENTIALS_DIRECTORY']
  delete environment[authKeyEnv]
  delete environment['CLAWNODE_NETWORK_TAILSCALE_AUTH_KEY']
  return async () => {
    const handed = credentials === undefined ? null : await readHanded(join(credentials, keyCredential))
    const [key, origin] =
      handed !== null
        ? [handed, `the credential ${keyCredential}`]
        : authKeyFile !== undefined
          ? [await readKeyFile(authKeyFile), authKeyFile]
          : found !== null
            ? [found, `the variable ${authKeyEnv}`]
            : [authKey ?? null, 'network.tailscale.auth_key']
    if (key !== null) check(key, origin, own)
    return key
  }
}

/** Null for one that was not handed on. Who can read it is for systemd to see to. */
async function readHanded(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unreadable(file, error)
  }
}

function check(key: string, origin: string, { loginServer, tags }: Own): void {
  const problem = authKeyProblem(key, loginServer === undefined ? 'tailscale' : 'other')
  if (problem !== null) throw new ClawError('CONFIG_INVALID', { file: origin, problem })
  if (isClientSecret(key) && tags.length === 0)
    throw new ClawError('CONFIG_INVALID', { file: origin, problem: 'the secret of an OAuth client needs tags' })
}

/** Throws CONFIG_INVALID for one that is not there, or that others can read. */
async function readKeyFile(file: string): Promise<string> {
  try {
    await refuseShared(file)
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw cause instanceof ClawError ? cause : unreadable(file, cause)
  }
}

const unreadable = (file: string, cause: unknown): ClawError => {
  const problem = `it cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown'}`
  return new ClawError('CONFIG_INVALID', { file, problem }, { cause })
}

/** Throws CONFIG_INVALID for a file with a key in it that others than its owner can read. */
export async function refuseShared(file: string): Promise<void> {
  const mode = (await stat(file)).mode & 0o777
  if ((mode & 0o077) === 0) return
  const problem = `it holds a key of the tailnet and others can read it (${mode.toString(8)}): chmod 600 ${file}`
  throw new ClawError('CONFIG_INVALID', { file, problem })
}
