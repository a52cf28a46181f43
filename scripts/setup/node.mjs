/** Finds the Node to build and run with: this one when it is new enough, else one from the package registry, beside the tree. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readStamp } from './inputs.mjs'

const { isNewEnough } = createRequire(import.meta.url)('../../bin/launch.cjs')

const pinned = '24.21.0'
const platforms = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']

function packageFor(platform) {
  if (!platforms.includes(platform))
    throw new Error(`no Node for ${platform} can be fetched: install Node 22.12 or newer`)
  return platform === 'darwin-arm64' ? `node-bin-${platform}` : `node-${platform}`
}

/** An environment in which "node" is the Node given, for npm and whatever it starts. */
export function environmentFor(node) {
  return { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
}

/** Runs npm under the Node given and throws when it fails; what npm has to say goes to the terminal. */
export function npm(node, args, cwd) {
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  // Standard output is npm's summary ("added 460 packages"); the caller's progress line says as much.
  const { status, error } = spawnSync('npm', all, {
    cwd,
    env: environmentFor(node),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (error) throw new Error(`npm cannot be started: ${error.message}`, { cause: error })
  if (status !== 0) throw new Error(`"npm ${args[0]}" failed`)
}

const toolchain = (root) => join(root, '.toolchain', 'node_modules', 'node')
const nodeOf = (root) => join(toolchain(root), 'bin', 'node')

/** The Node to use if it is already here, else null. */
export function presentNode(root) {
  if (isNewEnough(process.version)) return process.execPath
  return readStamp(join(toolchain(root), 'package.json'))?.version === pinned ? nodeOf(root) : null
}

/** Fetches the pinned Node. The platform's package is asked for under the name "node", so that its path is the same everywhere. */
export function fetchNode(root) {
  const name = packageFor(`${process.platform}-${process.arch}`)
  npm(
    process.execPath,
    ['install', '--no-save', '--prefix', join(root, '.toolchain'), `node@npm:${name}@${pinned}`],
    root,
  )
  const { stdout } = spawnSync(nodeOf(root), ['--version'], { encoding: 'utf8' })
  if (stdout?.trim() !== `v${pinned}`)
    throw new Error('the fetched Node does not run here: install Node 22.12 or newer')
  return nodeOf(root)
}
