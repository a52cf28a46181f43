/**
 * Makes a fresh clone ready to run: a Node that is new enough, the packages, the build, the commands on npx's path.
 * "npm start" and "npm test" run it first, with whatever Node there is (18 or newer) and nothing installed; when all is in
 * place it only looks. With --installed, npm has just put the packages there and only what follows is done; with
 * --without-build nothing is built, for a caller that builds when it needs to.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildInputs, lockedPackages, readStamp } from './setup/inputs.mjs'
import { withLock } from './setup/lock.mjs'
import { environmentFor, fetchNode, npm, presentNode, run } from './setup/node.mjs'

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

/** One line a step, with its time; what the step had to say (warnings, or why it failed) comes below it. */
function step(sentence, work) {
  const begun = Date.now()
  process.stdout.write(`setup: ${sentence} ... `)
  const { status, output, result } = work()
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? '' : 'failed after '}${seconds} s\n${output}`)
  if (status !== 0) throw new Error(`${sentence} failed`)
  return result
}

function build(node) {
  const script = join(root, 'scripts', 'build.mjs')
  return run(node, [script, '--quiet'], { cwd: root, env: environmentFor(node) })
}

const isReady = ({ wantsBuild }) =>
  presentNode(root) !== null && arePackagesFresh() && (!wantsBuild || isBuildFresh()) && commands.every(isLinked)

function setUp({ installed, wantsBuild }) {
  const node = presentNode(root) ?? step('fetching Node (this one is too old)', () => fetchNode(root))
  if (!installed && !arePackagesFresh()) step('installing packages', () => npm(node, ['ci', '--include=dev'], root))
  // An install under a Node that is too old leaves packages out, so it does not count: the next start does it again.
  if (!installed || node === process.execPath) writeFileSync(stamp, `${JSON.stringify(wantedPackages())}\n`)
  if (wantsBuild && !isBuildFresh()) step('building', () => build(node))
  for (const command of commands) if (!isLinked(command)) link(command)
}

async function main() {
  if (!existsSync(join(root, 'package-lock.json'))) throw new Error(`${root} is not a complete clone`)
  const wanted = {
    installed: process.argv.includes('--installed'),
    wantsBuild: !process.argv.includes('--without-build'),
  }
  if (!wanted.installed && isReady(wanted)) return
  await withLock(
    join(root, '.cache', 'setup.lock'),
    () => setUp(wanted),
    (pid) => console.log(`setup: waiting for process ${pid} to finish it`),
  )
}

try {
  await main()
} catch (error) {
  console.error(`setup: ${error.message}`)
  process.exitCode = 1
}
