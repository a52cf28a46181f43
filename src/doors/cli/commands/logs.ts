import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import { command } from '../line/command.ts'
import { logChunks } from '../work/follow.ts'
import type { LogItem, PrintSettings } from '../show/log-printer.ts'
import { Prefixes, printChunk } from '../show/log-printer.ts'

export default command({
  name: 'logs',
  about: 'Show what workloads have printed, or search what all of them have.',
  details:
    'What they wrote to standard error goes to standard error. With -f it goes on through restarts on other nodes. Nodes keep output after a container is gone. With several workloads, and for the parts of a group, each line begins with its name. Without a workload, --search and --level look through the output of all workloads on all nodes.',
  positionals: { workload: { about: 'Name or id of workloads', completes: 'workload', optional: true, rest: true } },
  options: {
    follow: { kind: 'flag', short: 'f', about: 'Go on as it prints, until it has ended' },
    tail: { kind: 'number', value: 'N', bare: 100, about: 'Only the last N lines (100 if N is left out)' },
    since: { kind: 'text', value: 'TIME', about: 'Only lines since then: 10m, "1h ago", or an ISO time' },
    until: { kind: 'text', value: 'TIME', about: 'Only lines until then' },
    level: {
      kind: 'text',
      value: 'LEVEL',
      choices: ['debug', 'info', 'warn', 'error', 'fatal'],
      about: 'Only lines of this level and above, as JSON or plain text say it',
    },
    search: {
      kind: 'text',
      value: 'PATTERN',
      about: 'Only lines with this text, or /regular expression/; without capitals in it, in any case',
    },
    context: {
      kind: 'number',
      value: 'N',
      about: 'N lines around each that matches; a mesh is named before the command: --context NAME logs …',
    },
    previous: { kind: 'flag', short: 'p', about: 'Of the attempt before the current one' },
    'all-replicas': { kind: 'flag', about: 'Of all that belong to the same group or deployment' },
    scheduler: { kind: 'flag', about: 'What was decided on it and why, instead of what it printed' },
    timestamps: { kind: 'flag', short: 't', about: 'Begin each line with its time' },
    node: { kind: 'text', value: 'NODE', about: 'Without a workload: search only this node' },
    limit: { kind: 'number', value: 'N', about: 'Without a workload: about so many lines of each node (1000)' },
  },
  examples: [
    'logs llm-inference',
    'logs -f --tail 20 llm-inference',
    'logs llm-inference --level error --context 10 --since "1h ago"',
    'logs llm-inference --search "/took \\d{4,} ms/" --timestamps',
    'logs --search "CUDA out of memory"',
    'logs llm-inference --previous',
    'logs llm-inference --scheduler',
  ],

  async run(args, session) {
    const { workload: workloads, scheduler, search, level } = args
    if (scheduler) return showDecisions(workloads, session)
    if (workloads.length > 0) return show(args, session)
    if (search !== undefined || level !== undefined) return searchAll(args, session)
    throw new ClawError('INVALID_REQUEST', { problem: 'name a workload, or say with --search what to look for in all' })
  },
})

interface Wanted {
  readonly workload: readonly string[]
  readonly follow: boolean
  readonly tail: number | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly level: string | undefined
  readonly search: string | undefined
  readonly context: number | undefined
  readonly previous: boolean
  readonly 'all-replicas': boolean
  readonly timestamps: boolean
  readonly node: string | undefined
  readonly limit: number | undefined
}

async function showDecisions(workloads: readonly string[], { api: connect, out, signal }: Session): Promise<undefined> {
  const [workload, ...others] = workloads
  if (workload === undefined || others.length > 0)
    throw new ClawError('INVALID_REQUEST', { problem: '--scheduler takes one workload' })
  const decisions = await (await connect()).call('workload.decisions', { workload }, signal)
  await out.result(decisions, (rows) => rows.map(({ at, type, message }) => `${at}  ${type.padEnd(9)}  ${message}`))
}

async function show(wanted: Wanted, { api: connect, out, signal }: Session): Promise<undefined> {
  const { workload: workloads, follow, tail, previous, timestamps } = wanted
  const api = await connect()
  const input = {
    ...{ workloads: [...workloads], replicas: wanted['all-replicas'], follow, tail, previous },
    ...filterOf(wanted, out.isForMachines || timestamps),
  }
  const isOne = workloads.length === 1 && !wanted['all-replicas']
  const isMeant = ({ name, workload }: LogItem): boolean =>
    name === workloads[0] || workload.startsWith(workloads[0] ?? '')
  const prefixes = new Prefixes(out.hasColour)
  const prefix = (item: LogItem): string => (isOne && isMeant(item) ? '' : prefixes.of(item.name))
  for await (const item of logChunks(api, input, signal)) await printChunk(out, item, { timestamps, prefix })
}

async function searchAll(wanted: Wanted, { api: connect, out, signal }: Session): Promise<undefined> {
  const { follow, previous, timestamps, tail, node, limit } = wanted
  if (follow || previous || wanted['all-replicas'] || tail !== undefined)
    throw new ClawError('INVALID_REQUEST', {
      problem: 'a search of all workloads takes no --follow, --tail, --previous',
    })
  const input = { ...filterOf(wanted, out.isForMachines || timestamps), node, limit }
  const prefixes = new Prefixes(out.hasColour)
  const settings: PrintSettings = {
    timestamps,
    prefix: (item) => prefixes.of(`${item.name}@${item.node}${item.attempt > 1 ? `#${item.attempt}` : ''}`),
  }
  const api = await connect()
  for await (const item of api.stream('log.search', input, signal)) await printChunk(out, item, settings)
}

/** The peer checks what they say. */
function filterOf({ since, until, level, search, context }: Wanted, details: boolean) {
  const known = level as 'debug' | 'info' | 'warn' | 'error' | 'fatal' | undefined
  return { since, until, level: known, search, details, ...(context === undefined ? {} : { context }) }
}
