/** A second real engine beside the lab's, of the calling test's own: what one has, the other lacks. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/lab/docker.sh', import.meta.url))
/** The lab takes away what a process of that number left behind. */
const name = `run-second-${process.pid}`

export interface SecondEngine {
  readonly address: string
  /** Returns once it answers again. Whether what runs on it goes on was said at its last start. */
  restart(next?: EngineSettings): void
  stop(): void
}

export interface EngineSettings {
  /** Whether containers outlive a restart of the engine. */
  readonly liveRestore: boolean
}

/** Takes a few seconds. Needs what the lab's own engine needs. */
export function startSecondEngine(settings: EngineSettings = { liveRestore: false }): SecondEngine {
  docker(settings, 'up', '0')
  const address = /^CLAW_LAB_DOCKER=(.*)$/m.exec(docker(settings, 'env'))?.[1]
  if (address === undefined) throw new Error('the second engine does not say where it is')
  return {
    address,
    restart: (next = settings) => void docker(next, 'restart'),
    stop: () => void docker(settings, 'down'),
  }
}

function docker({ liveRestore }: EngineSettings, ...words: readonly string[]): string {
  const root = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const settings = [
    `CLAW_LAB_LIVE_RESTORE=${liveRestore}`,
    `CLAW_LAB_NAME=${name}`,
    `CLAW_LAB_DIR=${process.env['CLAW_LAB_DIR'] ?? '/tmp/clawlab'}`,
  ]
  const [program = '', ...rest] = [...root, 'env', ...settings, 'bash', script, ...words]
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout
}
