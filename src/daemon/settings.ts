/** Puts the daemon's configuration together from its file, its environment and its command line. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { type FlagValues, nodeFlags } from '../config/clawnode-flags.ts'
import { configFromEnvironment, layer, parseConfigFile } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { ClawError } from '../model/failure.ts'
import { refuseShared } from './tailscale-key.ts'

/** Where settings are that no other file is named for. */
export const systemFile = '/etc/clawbernetes/clawnode.toml'

type Tree = Record<string, unknown>

/** Throws CONFIG_INVALID for a file that cannot be read or a setting that cannot be. */
export async function configFromCommandLine(values: FlagValues, environment = process.env): Promise<Config> {
  const named = typeof values['config'] === 'string' ? values['config'] : environment['CLAWNODE_CONFIG']
  const file = named ?? systemFile
  const content = await readIfThere(file, named === undefined)
  const fromFile = content === null ? {} : parseConfigFile(file, content)
  if (content !== null && holdsKey(fromFile)) await refuseShared(file)
  const origin = content === null ? 'the command line' : file
  const config = layer(origin, fromFile, configFromEnvironment(environment), fromFlags(values))
  return { ...config, dataDir: resolve(config.dataDir.replace(/^~(?=$|\/)/, homedir())) }
}

/** Whether a key of a tailnet stands in the file itself. */
function holdsKey(fromFile: Tree): boolean {
  const below = (tree: unknown, key: string): unknown =>
    typeof tree === 'object' && tree !== null ? (tree as Tree)[key] : undefined
  return below(below(below(fromFile, 'network'), 'tailscale'), 'authKey') !== undefined
}

async function readIfThere(file: string, optional: boolean): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ClawError('CONFIG_INVALID', { file, problem: (error as Error).message }, { cause: error })
  }
}

function fromFlags(values: FlagValues): Tree {
  const tree: Tree = values['no-mdns'] === true ? { mesh: { mdns: false } } : {}
  for (const [name, { sets }] of Object.entries(nodeFlags)) {
    const value = values[name]
    if (sets === undefined || value === undefined) continue
    const [section, key] = sets
    if (section === undefined) continue
    if (key === undefined) tree[section] = value
    else
      tree[section] = {
        ...(tree[section] as Tree | undefined),
        [key]: name === 'label' ? pairs(value as readonly string[]) : value,
      }
  }
  return tree
}

function pairs(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.map((label) => {
      const at = label.indexOf('=')
      if (at < 1) throw new ClawError('INVALID_REQUEST', { problem: `--label takes K=V, not ${label}` })
      return [label.slice(0, at), label.slice(at + 1)]
    }),
  )
}
