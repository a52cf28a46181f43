import { readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseConfigFile } from '../../../config/load.ts'
import { ClawError } from '../../../model/failure.ts'
import { type Arrival, traceOf } from '../../../sim/arrivals.ts'
import { builtins } from '../../../sim/builtin.ts'
import { pageOf } from '../../../sim/page.ts'
import { isComplete } from '../../../sim/report.ts'
import { type Scenario, scenarioOf } from '../../../sim/scenario.ts'
import { textOf } from '../../../sim/text.ts'
import { command } from '../line/command.ts'
import { interrupted } from '../exit-code.ts'
import { progressTeller } from '../show/sim-progress.ts'

const names = Object.keys(builtins)

export default command({
  name: 'sim',
  about: 'Simulate a mesh on this machine: real daemons, simulated GPUs, and faults at will.',
  details: `Starts peers of its own, lets work arrive and things break as the scenario says, reports what was seen, and ends all of it again. SCENARIO is a TOML file or one of ${names.join(', ')}; --show prints one to begin with. The report goes to standard output and as a page with plots to --html. Exit code 1 says that not all work ended.`,
  positionals: {
    scenario: { about: `A TOML file, or ${names.join(', ')}; small if left out`, optional: true },
  },
  options: {
    seed: { kind: 'number', value: 'N', about: 'Fixes arrivals, durations and faults; 1 if left out' },
    peers: { kind: 'number', value: 'N', about: 'So many peers instead of the scenario’s' },
    speed: {
      kind: 'number',
      value: 'X',
      about: 'Seconds of the mesh in one of this machine, 0.05 to 1: slower for more peers than it can carry',
    },
    workloads: { kind: 'number', value: 'N', about: 'So many workloads instead of the scenario’s' },
    html: { kind: 'text', value: 'FILE', about: 'Where the page goes; sim-SCENARIO-SEED.html if left out' },
    show: { kind: 'flag', about: 'Print the scenario and run nothing' },
  },
  examples: [
    'sim',
    'sim hundred --seed 7 --html report.html',
    'sim partition --json',
    'sim small --show',
    'sim my-scenario.toml --peers 20 --workloads 200',
  ],

  async run({ scenario: name = 'small', seed = 1, peers, workloads, speed, html, show }, { host, out, signal }) {
    const source = await sourceOf(name)
    if (show) {
      await out.result(source.text, (text) => [text.trimEnd()])
      return undefined
    }
    const scenario = scenarioWith(source, { peers, workloads, speed })
    if (!Number.isSafeInteger(seed)) throw new ClawError('INVALID_REQUEST', { problem: '--seed takes a whole number' })
    const trace = await traceFor(scenario, source.file)
    const file = html ?? `sim-${scenario.name}-${seed}.html`
    const telling = progressTeller(host.stderr, out)
    const report = await host
      .simulate({ scenario, seed, trace, version: host.version, signal, ...telling.listeners })
      .finally(telling.end)
    await writeFile(file, pageOf(report)).catch((error: Error) => {
      throw new ClawError('INVALID_REQUEST', { problem: `the report cannot be written: ${error.message}` })
    })
    await out.result(report, textOf)
    out.note(`Report: ${resolve(file)}`)
    if (signal.aborted) return interrupted
    return isComplete(report) ? 0 : 1
  },
})

interface Source {
  /** The file it is from, or its name. */
  readonly file: string
  readonly text: string
}

async function sourceOf(name: string): Promise<Source> {
  const builtin = builtins[name]
  if (builtin !== undefined) return { file: name, text: builtin }
  try {
    return { file: name, text: await readFile(name, 'utf8') }
  } catch (error) {
    const problem = `there is no scenario ${name}: name a TOML file that can be read, or one of ${names.join(', ')}`
    throw new ClawError('INVALID_REQUEST', { problem }, { cause: error })
  }
}

/** What the command line says instead of the scenario. */
type Instead = Readonly<Record<'peers' | 'workloads' | 'speed', number | undefined>>

function scenarioWith({ file, text }: Source, { peers, workloads, speed }: Instead): Scenario {
  const tree = treeOf(file, text)
  const { work = {}, ...rest } = tree
  const isTable = typeof work === 'object' && work !== null
  return scenarioOf(file, {
    ...rest,
    ...(peers === undefined ? {} : { peers }),
    ...(speed === undefined ? {} : { speed }),
    work: isTable && workloads !== undefined ? { ...work, count: workloads } : work,
  })
}

function treeOf(file: string, text: string): ReturnType<typeof parseConfigFile> {
  try {
    return parseConfigFile(file, text)
  } catch (error) {
    if (ClawError.is(error, 'CONFIG_INVALID')) throw new ClawError('SCENARIO_INVALID', error.facts, { cause: error })
    throw error
  }
}

/** A trace lies beside its scenario. */
async function traceFor({ work }: Scenario, file: string): Promise<readonly Arrival[] | null> {
  if (work.arrivals !== 'trace' || work.trace === undefined) return null
  const path = resolve(dirname(file), work.trace)
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ClawError('SCENARIO_INVALID', { file: path, problem: error.message }, { cause: error })
  })
  return traceOf(path, text, work.onPartition)
}
