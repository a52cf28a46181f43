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
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n', '-E'] : null
}

function docker(root, prefix, verb) {
  const [program, ...args] = [...prefix, 'bash', join(root, 'scripts', 'lab', 'docker.sh'), verb]
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
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
  const nothing = { env: {}, stop: () => {} }
  if (process.env.CLAW_LAB === 'off') return { ...nothing, reason: 'CLAW_LAB=off' }
  if (process.env.CLAW_LAB_DOCKER) return nothing
  if (process.platform !== 'linux' || !isDebianLike()) return { ...nothing, reason: 'it needs Debian or Ubuntu' }
  const prefix = rootPrefix()
  if (prefix === null) return { ...nothing, reason: 'it needs root, or sudo without a password' }

  const wasUp = docker(root, prefix, 'status').isWell
  if (!docker(root, prefix, 'up').isWell) return { ...nothing, reason: 'the engine did not start (see above)' }
  return {
    env: asEnvironment(docker(root, prefix, 'env').output),
    stop: () => (wasUp ? undefined : docker(root, prefix, 'down')),
  }
}
