/** Meshes that the user has given a name: their addresses and how to get in, in a file that only its owner reads. */
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { closest } from '../../../lib/closest.ts'
import { ClawError } from '../../../model/failure.ts'
import { writeWhole } from '../backup-file.ts'
import type { Host } from '../host.ts'

export interface Context {
  /** Any of them will do; the first that answers is taken. */
  readonly addresses: readonly string[]
  readonly token?: string
  readonly tokenFile?: string
  readonly operatorKey?: string
  /** Of the certificates of peers with https addresses, by origin. */
  readonly fingerprints?: Readonly<Record<string, string>>
  /** Its id: what is signed with the operator's key is good for no other. */
  readonly mesh?: string
}

export interface Contexts {
  readonly current: string | null
  readonly contexts: Readonly<Record<string, Context>>
}

/** Stands for the daemon of this host, whatever contexts there are. */
export const local = 'local'

type Around = Pick<Host, 'env' | 'home'>

export const contextsFile = ({ env, home }: Around): string =>
  join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'clawbernetes', 'contexts.json')

/** Throws CONFIG_INVALID for a file that is no such file, or that others may read. */
export async function readContexts(around: Around): Promise<Contexts> {
  const file = contextsFile(around)
  try {
    const text = await readFile(file, 'utf8')
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0)
      throw new ClawError('CONFIG_INVALID', { file, problem: `others may read it; run chmod 600 ${file}` })
    return contextsIn(text, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, contexts: {} }
    throw error
  }
}

function contextsIn(text: string, file: string): Contexts {
  const invalid = (cause?: unknown): ClawError =>
    new ClawError('CONFIG_INVALID', { file, problem: 'it holds no contexts' }, { cause })
  let tree: unknown
  try {
    tree = JSON.parse(text)
  } catch (error) {
    throw invalid(error)
  }
  if (!isRecord(tree)) throw invalid()
  const { current = null, contexts } = tree
  if (current !== null && typeof current !== 'string') throw invalid()
  if (!isRecord(contexts) || !Object.values(contexts).every(isContext)) throw invalid()
  return { current, contexts: contexts as Contexts['contexts'] }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isContext = (value: unknown): boolean =>
  isRecord(value) &&
  Array.isArray(value['addresses']) &&
  value['addresses'].every((address) => typeof address === 'string')

export async function writeContexts(contexts: Contexts, around: Around): Promise<void> {
  const file = contextsFile(around)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeWhole(file, Buffer.from(`${JSON.stringify(contexts, null, 2)}\n`))
}

/** Throws CONTEXT_NOT_FOUND. */
export function contextIn({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (context !== undefined) return context
  const near = closest(name, [local, ...Object.keys(contexts)])
  throw new ClawError('CONTEXT_NOT_FOUND', { context: name, ...(near === null ? {} : { near }) })
}

/** From then on it is about that mesh and no other. Peers of before do not say theirs. */
export const withMesh = (context: Context, mesh: string | null | undefined): Context =>
  typeof mesh === 'string' ? { ...context, mesh } : context

/** How one gets in, in words; null without anything of one's own. */
export function accessOf({ token, tokenFile, operatorKey }: Context): string | null {
  if (tokenFile !== undefined) return `token in ${tokenFile}`
  if (token !== undefined) return 'token'
  return operatorKey === undefined ? null : `key in ${operatorKey}`
}
