/** What somebody probably meant who typed a command that there is not: words of other tools, and verbs without their noun. */
import { closest } from '../../../lib/closest.ts'

/** What docker, kubectl and Slurm call it. */
const elsewhere = new Map(
  Object.entries({
    ps: 'workload list',
    ls: 'workload list',
    list: 'workload list',
    jobs: 'workload list',
    queue: 'workload list',
    get: 'workload list',
    inspect: 'workload info',
    describe: 'workload info',
    kill: 'stop',
    rm: 'stop',
    delete: 'stop',
    cancel: 'stop',
    submit: 'run',
    nodes: 'node list',
    images: 'image list',
  }),
)

/** They are the daemon's. */
const ofDaemon = ['start', 'join', 'preflight', 'install', 'uninstall', 'upgrade']

/**
 * What to say behind "unknown command", as a question; null when nothing comes to mind. `paths` are all commands that there are. The
 * options before the words may have values, so the first word that begins a command counts, else the one that is unknown.
 */
export function meant(unknown: string | null, words: readonly string[], paths: readonly string[]): string | null {
  const plain = words.filter((word) => !word.startsWith('-'))
  const begin = plain.findIndex((word) => word === unknown || paths.some((path) => path.split(' ')[0] === word))
  const [first = '', second] = begin < 0 ? [] : plain.slice(begin)
  const verbs = paths.filter((path) => path.startsWith(`${first} `)).map((path) => path.slice(first.length + 1))
  if (verbs.length > 0) {
    const near = second === undefined ? null : closest(second, verbs)
    return near === null ? null : question([`clawbernetes ${first} ${near}`])
  }
  if (paths.includes(first)) return null
  if (ofDaemon.includes(first)) return question([`clawnode ${first}`])
  const known = elsewhere.get(first)
  const same = known === undefined ? paths.filter((path) => path.endsWith(` ${first}`)).slice(0, 3) : [known]
  return same.length === 0 ? null : question(same.map((path) => `clawbernetes ${path}`))
}

const question = (lines: readonly string[]): string =>
  `Did you mean ${lines.map((line) => `\`${line}\``).join(' or ')}?`
