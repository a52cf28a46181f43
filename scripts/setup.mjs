/**
 * Makes a fresh clone ready to run: a Node that is new enough, the packages, the build, the commands on npx's path.
 * "npm start" and "npm test" run it first, with whatever Node there is (18 or newer) and nothing installed; when all is in
 * place it only looks. With --installed, npm has just put the packages there and only what follows is done.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildInputs, lockedPackages, readStamp } from './setup/inputs.mjs'
import { withLock } from './setup/lock.mjs'
import { environmentFor, fetchNode, npm, presentNode } from './setup/node.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.clawbernetes-setup.json')
const commands = ['clawnode', 'clawbernetes']

const wantedPackages = () => ({ packages: lockedPackages(root), platform: `${process.platform}-${process.arch}` })

function arePackagesFresh() {
  const wanted = wantedPackages()
  const present = readStamp(stamp)
  return present?.packages === wanted.packages && present.platform === wanted.platform
}

const isBuildFresh = () => readStamp(join(root, 'dist', 'build.json'))?.inputs === buildInputs(root)

const linkOf = (command) => ({
  path: join(root, 'node_modules', '.bin', command),
  target: join('..', '..', 'bin', `${command}.cjs`),
})

function isLinked(command) {
  const { path, target } = linkOf(command)
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === target
}

/** "npx clawnode" in the clone must run the clone's code; npm links a package's commands everywhere but in the package itself. */
function link(command) {
  const { path, target } = linkOf(command)
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}

function step(sentence, work) {
  const begun = Date.now()
  process.stdout.write(`setup: ${sentence} ... `)
  const result = work()
  process.stdout.write(`${((Date.now() - begun) / 1000).toFixed(1)} s\n`)
  return result
}

function build(node) {
  const script = join(root, 'scripts', 'build.mjs')
  const { status } = spawnSync(node, [script, '--quiet'], {
    env: environmentFor(node),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error('the build failed')
}

const isReady = () => presentNode(root) !== null && arePackagesFresh() && isBuildFresh() && commands.every(isLinked)

function setUp({ installed }) {
  const node = presentNode(root) ?? step('fetching Node (this one is too old)', () => fetchNode(root))
  if (!installed && !arePackagesFresh()) step('installing packages', () => npm(node, ['ci', '--include=dev'], root))
  // An install under a Node that is too old leaves packages out, so it does not count: the next start does it again.
  if (!installed || node === process.execPath) writeFileSync(stamp, `${JSON.stringify(wantedPackages())}\n`)
  if (!isBuildFresh()) step('building', () => build(node))
  for (const command of commands) if (!isLinked(command)) link(command)
}

async function main() {
  const installed = process.argv.includes('--installed')
  if (!installed && isReady()) return
  const lock = join(root, '.cache', 'setup.lock')
  await withLock(
    lock,
    () => setUp({ installed }),
    (pid) => console.log(`setup: waiting for process ${pid} to finish it`),
  )
}

if (!existsSync(join(root, 'package-lock.json'))) throw new Error(`${root} is not a complete clone`)

try {
  await main()
} catch (error) {
  console.error(`\nsetup: ${error.message}`)
  process.exitCode = 1
}
