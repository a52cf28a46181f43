/** A schedule on a mesh of real daemons whose leaders are killed: what was done for which moment, by the files that the work left. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Daemon, eventually, Mesh } from '../mesh.ts'

export interface SchedulePlan {
  readonly moments: number
  readonly kills: number
  /** Seconds from one moment to the next. */
  readonly every: number
  readonly say: (what: string, facts: object) => void
}

interface Cron {
  readonly fired: number
  readonly missed: number
}

/** How long the work may take to catch up at the end. */
const patience = 300_000

export async function killedSchedule({ moments, kills, every, say }: SchedulePlan) {
  const folder = mkdtempSync(join(tmpdir(), 'claw-schedule-'))
  const account = join(folder, 'done')
  appendFileSync(account, '')
  const mesh = await Mesh.start({ names: ['one', 'two', 'three'] })
  try {
    await mesh.voters(3)
    const settings = ['--schedule', `*/${every} * * * * *`, '--missed', 'run-all', '--starting-deadline', '5s']
    const work = ['--', 'sh', '-c', `echo $CLAW_NAME >> ${account}`]
    await mesh.get(0).json('cron', 'create', 'tick', 'host', ...settings, ...work)
    const pause = (moments * every * 1_000) / kills
    for (let kill = 1; kill <= kills; kill += 1) {
      await sleep(pause)
      const leader = await mesh.leader()
      await leader.end('SIGKILL')
      await sleep(Math.min(3_000, pause / 4))
      await revived(leader)
      say('killed', { kill, leader: leader.name, done: lines(account).length })
    }
    const info = (): Promise<Cron> => mesh.get(0).json<Cron>('cron', 'info', 'tick')
    await eventually('every moment has come', patience, info, ({ fired }) => fired >= moments)
    await mesh.get(0).json('cron', 'suspend', 'tick')
    const { fired, missed } = await info()
    await eventually(
      'what was begun is done',
      patience,
      () => Promise.resolve(lines(account).length),
      (count) => count >= fired,
    )
    // Whatever is done twice is done by now.
    await sleep(5_000)
    return { ...judged(lines(account), every), fired, missed, kills }
  } finally {
    await mesh.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A machine that is busy otherwise may take its time. Says what the daemon said when it does not come. */
async function revived(daemon: Daemon): Promise<void> {
  daemon.spawn()
  const ping = () => daemon.cli('gateway', 'ping', '--json')
  try {
    await eventually(`${daemon.name} answers`, patience, ping, ({ code }) => code === 0)
  } catch (error) {
    throw new Error(daemon.log.slice(-4_000), { cause: error })
  }
}

const lines = (file: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')

/** `tick-1767225600-0-abcd` is a run for that second. */
function judged(done: readonly string[], every: number) {
  const seconds = done.map((name) => Number(/^tick-(\d+)-/.exec(name)?.[1])).toSorted((a, b) => a - b)
  const twice = seconds.filter((second, i) => second === seconds[i - 1])
  const distinct = [...new Set(seconds)]
  const gaps = distinct.filter((second, i) => i > 0 && second !== (distinct[i - 1] ?? 0) + every)
  return { runs: done.length, moments: distinct.length, doubled: twice.length, lost: gaps.length }
}
