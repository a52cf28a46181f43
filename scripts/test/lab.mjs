/**
 * Gives the tests a real container engine when this machine allows it: a private one, started for the run and stopped
 * after it. Where that is not possible the tests that need it skip themselves, and the summary says how to enable them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const enabling = 'sudo scripts/lab/docker.sh up && export $(scripts/lab/docker.sh env)'

const isDebianLike = () =>
  existsSync('/etc/os-release') && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))

/** The words to put before a command that needs root; null when root cannot be had without asking. */
function rootPrefix() {
  if (process.getuid() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null
}

/** Why this machine cannot have a lab, or null when it can. */
function obstacle() {
  if (process.env.CLAW_LAB === 'off') return 'CLAW_LAB is off'
  if (process.platform !== 'linux' || !isDebianLike()) return 'it takes Debian or Ubuntu'
  return rootPrefix() === null ? 'it takes root, or sudo without a password' : null
}

/** An engine of this process's own, so that two runs on a machine do not stop each other's. */
function part(root, script, verb) {
  const settings = [`CLAW_LAB_NAME=run-${process.pid}`, `CLAW_LAB_DIR=${process.env.CLAW_LAB_DIR ?? '/tmp/clawlab'}`]
  const command = [...rootPrefix(), 'env', ...settings, 'bash', join(root, 'scripts', 'lab', script), verb]
  const stdio = ['ignore', 'pipe', 'inherit']
  const { status, stdout } = spawnSync(command[0], command.slice(1), { encoding: 'utf8', stdio })
  return { isWell: status === 0, output: stdout ?? '' }
}

const asEnvironment = (lines) =>
  Object.fromEntries(
    lines
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** Starts what can be started. The environment names it for the tests; stop() undoes exactly what was done here. */
export function openLab(root) {
  const none = { env: {}, reason: null, stop: () => {} }
  if (process.env.CLAW_LAB_DOCKER) return none
  const reason = obstacle()
  if (reason !== null) return { ...none, reason }

  const stop = () => part(root, 'docker.sh', 'down')
  if (!part(root, 'docker.sh', 'up').isWell) return { ...none, reason: 'the engine did not start (see above)', stop }
  // Only unpacked: the tests start it. Without it, only those that order certificates are left out.
  const authority = part(root, 'pebble.sh', 'up').isWell ? part(root, 'pebble.sh', 'env').output : ''
  return { env: asEnvironment(`${part(root, 'docker.sh', 'env').output}\n${authority}`), reason: null, stop }
}
